// A thread pool for native operations. Results do not depend on which thread runs a task.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

namespace histo {

class Workers {
 public:
  // Never deleted, so that the threads need not be stopped when the process ends.
  static Workers& Shared() {
    static Workers* workers = new Workers;
    return *workers;
  }

  std::int64_t Threads() const { return helpers_ + 1; }

  // Calls work(0) to work(tasks - 1) and returns when all are done. Calls from several threads take turns.
  void Run(std::int64_t tasks, const std::function<void(std::int64_t)>& work) {
    if (tasks <= 1 || helpers_ == 0) {
      for (std::int64_t i = 0; i < tasks; i++) work(i);
      return;
    }
    std::lock_guard<std::mutex> turn(turn_);
    work_ = &work;
    tasks_ = tasks;
    next_ = 0;
    busy_ = helpers_;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_++;
    }
    wake_.notify_all();
    Take(work, tasks);
    Await(done_, [this] { return busy_ == 0; });
  }

 private:
  Workers() {
    const char* limit = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = limit ? std::atoi(limit) : 0;
    const int threads = wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
    helpers_ = threads - 1;
    for (int i = 0; i < helpers_; i++) std::thread([this] { Wait(); }).detach();
  }

  void Take(const std::function<void(std::int64_t)>& work, std::int64_t tasks) {
    for (std::int64_t i = next_++; i < tasks; i = next_++) work(i);
  }

  void Wait() {
    for (std::uint64_t seen = 0;;) {
      Await(wake_, [&] { return round_ != seen; });
      seen = round_;
      Take(*work_, tasks_);
      if (--busy_ > 0) continue;
      std::lock_guard<std::mutex> lock(mutex_);
      done_.notify_one();
    }
  }

  // Waking a thread takes about 0.1 ms, and a step has dozens of operations. So threads stay awake for a while, and yield to
  // other threads, such as TensorFlow's.
  template <typename Condition>
  void Await(std::condition_variable& signal, const Condition& holds) {
    const auto end = std::chrono::steady_clock::now() + kAwake;
    while (std::chrono::steady_clock::now() < end) {
      for (int i = 0; i < 16; i++) {
        if (holds()) return;
        Pause();
      }
      std::this_thread::yield();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    signal.wait(lock, holds);
  }

  static void Pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }

  static constexpr std::chrono::microseconds kAwake{300};
  std::mutex turn_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(std::int64_t)>* work_ = nullptr;
  std::int64_t tasks_ = 0;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint64_t> round_{0};
  std::atomic<int> busy_{0};
  int helpers_ = 0;
};

// Splits `count` items into shares of a fixed size and calls work(share, begin, end).
inline void InShares(std::int64_t count, std::int64_t share,
                     const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& work) {
  Workers::Shared().Run((count + share - 1) / share, [&](std::int64_t i) {
    work(i, i * share, std::min(count, (i + 1) * share));
  });
}

// Calls work(begin, end) for consecutive ranges of [0, count), one for each thread. Inner bounds are multiples of `grain`.
inline void InRanges(std::int64_t count, std::int64_t grain, std::int64_t threads,
                     const std::function<void(std::int64_t, std::int64_t)>& work) {
  if (count <= 0) return;
  threads = std::clamp<std::int64_t>(threads, 1, Workers::Shared().Threads());
  const std::int64_t grains = (count + grain - 1) / grain;
  InShares(count, (grains + threads - 1) / threads * grain,
           [&](std::int64_t, std::int64_t begin, std::int64_t end) { work(begin, end); });
}

}  // namespace histo
