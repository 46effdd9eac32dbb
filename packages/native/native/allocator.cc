#include "allocator.h"

#ifdef __GLIBC__

#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <mutex>

namespace zk {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLookPeriod = std::chrono::milliseconds(200);
/// How often memory that is free inside the arenas goes back as well. Takes a few milliseconds.
constexpr auto kTrimPeriod = std::chrono::seconds(10);

/// Bytes a second. In between, everything stays as it is.
constexpr double kFast = 32 * 1024 * 1024;
constexpr double kSlow = 16 * 1024 * 1024;

/// Half of malloc's own initial value: the runtime's blocks of a few large records are mapped too.
constexpr int kMapSmall = 64 * 1024;
/// The largest that malloc takes.
constexpr int kMapNothing = 32 * 1024 * 1024;

bool isSetByTheEnvironment() {
  return getenv("MALLOC_MMAP_THRESHOLD_") != nullptr || getenv("MALLOC_TRIM_THRESHOLD_") != nullptr ||
         getenv("GLIBC_TUNABLES") != nullptr;
}

class Allocator {
 public:
  /// Nothing is read yet.
  Allocator() { map(kMapSmall); }

  void look(uint64_t bytesRead) {
    if (!mayTune_) return;
    std::lock_guard lock(mutex_);
    bytes_ += bytesRead;
    const auto now = Clock::now();
    if (now - looked_ < kLookPeriod) return;
    const double rate = static_cast<double>(bytes_) / std::chrono::duration<double>(now - looked_).count();
    looked_ = now;
    bytes_ = 0;
    if (rate > kFast) map(kMapNothing);
    if (rate < kSlow) map(kMapSmall);
    if (now - trimmed_ < kTrimPeriod) return;
    trimmed_ = now;
    malloc_trim(0);
  }

 private:
  /// Buffers from this size on. Setting it ends malloc's own adjustments, of what it keeps at the end of an arena too.
  void map(int threshold) {
    if (threshold == threshold_ || !mayTune_) return;
    threshold_ = threshold;
    mallopt(M_MMAP_THRESHOLD, threshold);
    mallopt(M_TRIM_THRESHOLD, 2 * threshold);
  }

  const bool mayTune_ = !isSetByTheEnvironment();
  std::mutex mutex_;
  int threshold_ = 0;
  uint64_t bytes_ = 0;
  Clock::time_point looked_ = Clock::now();
  Clock::time_point trimmed_ = looked_;
};

}  // namespace

void tuneAllocator(uint64_t bytesRead) {
  // Never destroyed: a reader's thread may outlive the statics of a process that ends.
  static auto* allocator = new Allocator();
  allocator->look(bytesRead);
}

}  // namespace zk

#else

namespace zk {

void tuneAllocator(uint64_t) {}

}  // namespace zk

#endif
