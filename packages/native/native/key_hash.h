#pragma once

#include <cstddef>
#include <cstdint>

namespace zk {

/// fmix32(murmur2(key)): Kafka's own partitioner hash, mixed again so that its remainder by a number of threads is
/// independent of its remainder by the number of partitions.
uint32_t keyHash(const uint8_t* key, size_t length);

}  // namespace zk
