#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace zk {

/// Threads inherit the mask of the one that starts them: with all signals blocked, the process's signals stay with
/// the threads that Node handles them on.
template <typename F>
std::thread startWithoutSignals(F run) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace zk
