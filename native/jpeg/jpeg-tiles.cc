// Decodes the JPEG tiles of slides, some at a time, beside the thread that asks.
// decode(tables, tiles, width, rows, convert, out): a promise of what became of each tile: 1 decoded, 0 refused.
#include <node_api.h>
#include <memory>
#include "decoder.h"

namespace {

using histo::jpeg::Decoder;
using histo::jpeg::Tables;

struct Piece {
  const uint8_t* data;
  size_t size;
};

struct Work {
  napi_async_work work;
  napi_deferred deferred;
  napi_ref held;
  Piece tables;
  std::vector<Piece> tiles;
  int width, rows;
  bool convert;
  uint8_t* out;
  std::vector<uint8_t> done;
};

void Execute(napi_env, void* data) {
  auto* work = static_cast<Work*>(data);
  thread_local std::unique_ptr<Decoder> decoder;
  if (!decoder) decoder = std::make_unique<Decoder>();
  auto shared = std::make_unique<Tables>();
  const Piece& tables = work->tables;
  if (tables.size && !histo::jpeg::ReadTables(*shared, tables.data, tables.data + tables.size)) return;
  const size_t bytes = static_cast<size_t>(work->width) * work->rows * 3;
  for (size_t i = 0; i < work->tiles.size(); i++) {
    const auto& [data, size] = work->tiles[i];
    work->done[i] = histo::jpeg::DecodeTile(*decoder, *shared, data, data + size, work->width, work->rows, work->convert,
                                            work->out + i * bytes);
  }
}

void Complete(napi_env env, napi_status, void* data) {
  std::unique_ptr<Work> work(static_cast<Work*>(data));
  napi_value buffer;
  napi_create_buffer_copy(env, work->done.size(), work->done.data(), nullptr, &buffer);
  napi_resolve_deferred(env, work->deferred, buffer);
  napi_delete_reference(env, work->held);
  napi_delete_async_work(env, work->work);
}

bool BytesOf(napi_env env, napi_value value, Piece& piece) {
  void* data;
  bool is_buffer = false;
  if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer) return false;
  if (napi_get_buffer_info(env, value, &data, &piece.size) != napi_ok) return false;
  piece.data = static_cast<const uint8_t*>(data);
  return true;
}

napi_value Decode(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value argv[6], promise, name, held;
  napi_get_cb_info(env, info, &count, argv, nullptr, nullptr);
  auto work = std::make_unique<Work>();
  uint32_t tiles = 0;
  Piece out{};
  bool good = count == 6 && BytesOf(env, argv[0], work->tables) &&
              napi_get_array_length(env, argv[1], &tiles) == napi_ok &&
              napi_get_value_int32(env, argv[2], &work->width) == napi_ok &&
              napi_get_value_int32(env, argv[3], &work->rows) == napi_ok &&
              napi_get_value_bool(env, argv[4], &work->convert) == napi_ok && BytesOf(env, argv[5], out);
  good = good && work->width >= 16 && work->rows >= 16 && work->width <= 4096 && work->rows <= 4096 &&
         out.size == static_cast<size_t>(tiles) * work->width * work->rows * 3;
  // Copies of the values: the caller may change its list meanwhile.
  napi_create_array(env, &held);
  napi_set_element(env, held, 0, argv[0]);
  napi_set_element(env, held, 1, argv[5]);
  for (uint32_t i = 0; good && i < tiles; i++) {
    napi_value tile;
    Piece piece{};
    good = napi_get_element(env, argv[1], i, &tile) == napi_ok && BytesOf(env, tile, piece);
    if (good) napi_set_element(env, held, i + 2, tile);
    work->tiles.push_back(piece);
  }
  if (!good) {
    napi_throw_type_error(env, nullptr, "decode(tables, tiles, width, rows, convert, out)");
    return nullptr;
  }
  work->out = const_cast<uint8_t*>(out.data);
  work->done.resize(tiles);
  napi_create_promise(env, &work->deferred, &promise);
  napi_create_reference(env, held, 1, &work->held);
  napi_create_string_utf8(env, "jpeg tiles", NAPI_AUTO_LENGTH, &name);
  napi_create_async_work(env, nullptr, name, Execute, Complete, work.get(), &work->work);
  napi_queue_async_work(env, work->work);
  work.release();
  return promise;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "decode", NAPI_AUTO_LENGTH, Decode, nullptr, &function);
  return function;
}
