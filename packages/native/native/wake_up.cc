#include "wake_up.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>

namespace zk {

WakeUp::WakeUp() {
  if (pipe(ends_) != 0) abort();
  for (int end : ends_) {
    fcntl(end, F_SETFD, FD_CLOEXEC);
    // A full pipe is as good as one byte, and librdkafka's threads must never block in it.
    fcntl(end, F_SETFL, O_NONBLOCK);
  }
}

WakeUp::~WakeUp() {
  if (abandoned_) return;
  close(ends_[0]);
  close(ends_[1]);
}

void WakeUp::wake() const {
  const char byte = 1;
  [[maybe_unused]] auto written = write(ends_[1], &byte, 1);
}

void WakeUp::wait(int timeoutMs) const {
  pollfd descriptor{ends_[0], POLLIN, 0};
  if (poll(&descriptor, 1, timeoutMs) <= 0) return;
  char bytes[256];
  while (read(ends_[0], bytes, sizeof(bytes)) == sizeof(bytes)) {
  }
}

}  // namespace zk
