#pragma once

namespace zk {

/// One descriptor that many librdkafka queues and the main thread write to, and one thread waits on.
class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  /// Where librdkafka writes one byte when a queue stops being empty.
  int writeEnd() const { return ends_[1]; }
  /// Callable from any thread.
  void wake() const;
  /// Waits for a byte, at most so long, and swallows all bytes that are there. What was written before this returns
  /// is seen by whoever looks at the queues afterwards.
  void wait(int timeoutMs) const;
  /// Leaves the descriptors open for good: somebody who cannot be stopped may still write to them.
  void abandon() { abandoned_ = true; }

 private:
  int ends_[2] = {-1, -1};
  bool abandoned_ = false;
};

}  // namespace zk
