// glibc's malloc, as it suits what is read.
//
// librdkafka takes a buffer of up to some megabytes for each fetch, among many small pieces. As it is, malloc maps such a
// buffer by itself until the first one is freed, and from then on takes it from an arena, where it lies between small pieces
// and leaves a hole that they fill. A process that reads for hours grows by that, step by step. Buffers that are mapped go
// back to the system whole, but each page of a new one costs a fault: at full speed a tenth of all that a message costs. So
// they are mapped while little is read.
#pragma once

#include <cstdint>

namespace zk {

/// To be called by each reader's thread now and then, at least every second, with the bytes read since the last call.
/// All readers of the process count together. Does nothing where malloc is not glibc's, and leaves alone what the
/// environment (MALLOC_MMAP_THRESHOLD_ and the like) has set.
void tuneAllocator(uint64_t bytesRead);

}  // namespace zk
