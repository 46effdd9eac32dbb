#include "key_hash.h"

#include <cstring>

namespace zk {

namespace {

uint32_t murmur2(const uint8_t* data, size_t length) {
  constexpr uint32_t m = 0x5bd1e995;
  constexpr uint32_t seed = 0x9747b28c;
  uint32_t h = seed ^ static_cast<uint32_t>(length);
  size_t left = length;
  for (; left >= 4; left -= 4, data += 4) {
    uint32_t k;
    memcpy(&k, data, 4);
    k *= m;
    k ^= k >> 24;
    k *= m;
    h = h * m ^ k;
  }
  if (left >= 3) h ^= static_cast<uint32_t>(data[2]) << 16;
  if (left >= 2) h ^= static_cast<uint32_t>(data[1]) << 8;
  if (left >= 1) h = (h ^ data[0]) * m;
  h ^= h >> 13;
  h *= m;
  return h ^ h >> 15;
}

uint32_t fmix32(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ h >> 16;
}

}  // namespace

uint32_t keyHash(const uint8_t* key, size_t length) { return fmix32(murmur2(key, length)); }

}  // namespace zk
