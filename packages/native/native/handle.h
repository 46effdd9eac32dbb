// The way from node-rdkafka's JavaScript object to the rd_kafka_t behind it, and the right to use it.
#pragma once

#include <nan.h>

#include "rdkafka.h"

namespace NodeKafka {
class Connection;
}

namespace zk {

/// @returns node-rdkafka's C++ object behind `value`, or null when it cannot be one. That it really is a consumer of
/// the same node-rdkafka is checked in JavaScript (instanceof), because C++ cannot see it.
NodeKafka::Connection* unwrapConnection(v8::Local<v8::Value> value);

/// The right to use the consumer's rd_kafka_t, for as long as it lives: node-rdkafka's connection lock, held for
/// reading. node-rdkafka closes and frees the handle under the same lock held for writing.
///
/// The lock is only ever tried. Its disconnect holds it while waiting for JavaScript to answer a rebalance, so a main
/// thread that waited here would wait forever; and a thread that the main thread wants to join must not wait either.
/// Hold it briefly, never while waiting for something else: node-rdkafka's setToken takes it for writing on the main
/// thread.
class Lease {
 public:
  explicit Lease(NodeKafka::Connection* connection);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// False when the consumer is not connected, is closing, or is just being locked by node-rdkafka.
  explicit operator bool() const { return client_ != nullptr; }
  rd_kafka_t* client() const { return client_; }
  /// Of a lease that was not granted: true when none will be, false when another may try again.
  bool isGone() const { return gone_; }

 private:
  NodeKafka::Connection* connection_;
  bool locked_ = false;
  bool gone_ = false;
  rd_kafka_t* client_ = nullptr;
};

}  // namespace zk
