#include "library.h"

#include <dlfcn.h>

#include <cstdio>

namespace zk {

Library rdkafka;

std::string compiledLibraryVersion() {
  char text[32];
  snprintf(text, sizeof(text), "%d.%d.%d", (RD_KAFKA_VERSION >> 24) & 0xff, (RD_KAFKA_VERSION >> 16) & 0xff,
           (RD_KAFKA_VERSION >> 8) & 0xff);
  return text;
}

std::string loadLibrary(const std::string& path) {
  // RTLD_NOLOAD: a second copy of the library would know nothing of node-rdkafka's handles. The reference that this
  // adds is never given back, so the functions stay valid for the life of the process.
  void* handle = dlopen(path.c_str(), RTLD_NOLOAD | RTLD_NOW);
  if (handle == nullptr) return "librdkafka at " + path + " is not loaded; is node-rdkafka built with its own librdkafka?";

  Library found;
#define ZK_FIND(name)                                                                    \
  found.name = reinterpret_cast<decltype(found.name)>(dlsym(handle, #name));             \
  if (found.name == nullptr) return "librdkafka at " + path + " has no function " #name;
  ZK_LIBRARY_FUNCTIONS(ZK_FIND)
#undef ZK_FIND

  if (found.rd_kafka_version() != RD_KAFKA_VERSION)
    return "compiled for librdkafka " + compiledLibraryVersion() + ", but " + found.rd_kafka_version_str() + " is loaded";
  rdkafka = found;
  return "";
}

}  // namespace zk
