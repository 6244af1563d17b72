// An addon with one function: quietly(work) calls work() while standard error is /dev/null, because static initializers of
// TensorFlow's libraries write two lines to it and no setting prevents that.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdio>

static napi_value Quietly(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value work, self, result = nullptr;
  napi_get_cb_info(env, info, &count, &work, &self, nullptr);
  std::fflush(stderr);
  const int kept = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY);
  if (kept >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  napi_call_function(env, self, work, 0, nullptr, &result);  // an exception stays pending and reaches the caller
  std::fflush(stderr);
  if (kept >= 0) {
    dup2(kept, STDERR_FILENO);
    close(kept);
  }
  if (nowhere >= 0) close(nowhere);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "quietly", NAPI_AUTO_LENGTH, Quietly, nullptr, &function);
  return function;
}
