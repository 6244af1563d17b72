// Reads regions of one slide with OpenSlide for another process: openslide-reader LIBRARY SLIDE
//
// Slides are untrusted files and their decoders are large, so they run in this process, whose crash ends nothing else.
// First writes to standard output: uint32 length and JSON text of the slide's properties, levels and colour profile, or of
// {"error": ...}.
// Then, for each request on standard input, {int32 level, int64 x, int64 y, int32 width, int32 height} (x and y in pixels of
// level 0), writes uint32 0 and width * height * 3 bytes of RGB on the slide's background, or uint32 length and an error text.
// All numbers are little-endian. The program ends at the end of its input, also in the middle of a request.
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int64_t kMostProfileBytes = 1 << 24;

struct Library {
  void* (*open)(const char*);
  void (*close)(void*);
  const char* (*get_error)(void*);
  int32_t (*get_level_count)(void*);
  void (*get_level_dimensions)(void*, int32_t, int64_t*, int64_t*);
  double (*get_level_downsample)(void*, int32_t);
  const char* const* (*get_property_names)(void*);
  const char* (*get_property_value)(void*, const char*);
  void (*read_region)(void*, uint32_t*, int64_t, int64_t, int32_t, int64_t, int64_t);
  int64_t (*get_icc_profile_size)(void*);
  void (*read_icc_profile)(void*, void*);
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, (std::string("openslide_") + name).c_str()));
  return function != nullptr;
}

bool load(const char* path, Library& l) {
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return handle && find(handle, "open", l.open) && find(handle, "close", l.close) &&
         find(handle, "get_error", l.get_error) && find(handle, "get_level_count", l.get_level_count) &&
         find(handle, "get_level_dimensions", l.get_level_dimensions) &&
         find(handle, "get_level_downsample", l.get_level_downsample) &&
         find(handle, "get_property_names", l.get_property_names) &&
         find(handle, "get_property_value", l.get_property_value) && find(handle, "read_region", l.read_region) &&
         find(handle, "get_icc_profile_size", l.get_icc_profile_size) &&
         find(handle, "read_icc_profile", l.read_icc_profile);
}

std::string quoted(const char* text) {
  std::string out = "\"";
  for (const char* at = text ? text : ""; *at; at++) {
    const unsigned char c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += *at;
    } else if (c < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out += *at;
    }
  }
  return out + "\"";
}

void put(const std::string& text) {
  const uint32_t length = static_cast<uint32_t>(text.size());
  std::fwrite(&length, 4, 1, stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int fail(const std::string& reason) {
  put("{\"error\":" + quoted(reason.c_str()) + "}");
  return 1;
}

// The colour profile in hexadecimal digits; empty if there is none.
std::string profile(const Library& l, void* slide) {
  const int64_t size = l.get_icc_profile_size(slide);
  if (size <= 0 || size > kMostProfileBytes) return "";
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  l.read_icc_profile(slide, bytes.data());
  if (l.get_error(slide)) return "";
  std::string text;
  for (const uint8_t byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

// With all its digits: a factor is multiplied by coordinates of ten thousands of pixels.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string describe(const Library& l, void* slide) {
  std::string json = "{\"levels\":[";
  for (int32_t level = 0; level < l.get_level_count(slide); level++) {
    int64_t width = 0, height = 0;
    l.get_level_dimensions(slide, level, &width, &height);
    json += (level ? "," : "") + std::string("{\"width\":") + std::to_string(width) + ",\"height\":" +
            std::to_string(height) + ",\"downsample\":" + number(l.get_level_downsample(slide, level)) + "}";
  }
  json += "],\"properties\":{";
  const char* const* names = l.get_property_names(slide);
  for (int i = 0; names && names[i]; i++) {
    json += (i ? "," : "") + quoted(names[i]) + ":" + quoted(l.get_property_value(slide, names[i]));
  }
  return json + "},\"profile\":\"" + profile(l, slide) + "\"}";
}

// Puts pixels, whose colours are premultiplied by alpha, on the background.
void lay(const std::vector<uint32_t>& argb, uint32_t background, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i < argb.size(); i++) {
    const uint32_t missing = 255 - (argb[i] >> 24);
    for (int channel = 0; channel < 3; channel++) {
      const int shift = 16 - 8 * channel;
      const uint32_t behind = ((background >> shift) & 255) * missing;
      rgb[3 * i + channel] = static_cast<uint8_t>(((argb[i] >> shift) & 255) + (behind + 127) / 255);
    }
  }
}

// Ends the program when the process that asks is gone. A read can hang, as on a network disk, and would outlive it.
void end_with_parent() {
  pollfd input{STDIN_FILENO, 0, 0};
  while (poll(&input, 1, -1) < 1) {
  }
  _exit(0);
}

template <typename Number>
bool get(Number& number) {
  return std::fread(&number, sizeof number, 1, stdin) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::thread(end_with_parent).detach();
  Library l;
  if (argc != 3) return fail("openslide-reader LIBRARY SLIDE");
  if (!load(argv[1], l)) {
    const char* reason = dlerror();
    return fail(std::string("the library cannot be used: ") + (reason ? reason : argv[1]));
  }
  void* slide = l.open(argv[2]);
  if (!slide) return fail("no format that OpenSlide knows");
  if (l.get_error(slide)) return fail(l.get_error(slide));
  put(describe(l, slide));
  const char* colour = l.get_property_value(slide, "openslide.background-color");
  const uint32_t background = colour ? static_cast<uint32_t>(std::strtoul(colour, nullptr, 16)) : 0xffffff;
  std::vector<uint32_t> argb;
  std::vector<uint8_t> rgb;
  int32_t level, width, height;
  int64_t x, y;
  while (get(level) && get(x) && get(y) && get(width) && get(height)) {
    argb.assign(static_cast<size_t>(width) * height, 0);
    rgb.resize(argb.size() * 3);
    // After an error, a handle cannot be used any more.
    if (!slide) slide = l.open(argv[2]);
    if (slide) l.read_region(slide, argb.data(), x, y, level, width, height);
    const char* error = slide ? l.get_error(slide) : "the slide cannot be opened again";
    if (error) {
      put(error[0] ? error : "unknown error");
      if (slide) l.close(slide);
      slide = nullptr;
      continue;
    }
    lay(argb, background, rgb);
    const uint32_t good = 0;
    std::fwrite(&good, 4, 1, stdout);
    std::fwrite(rgb.data(), 1, rgb.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
