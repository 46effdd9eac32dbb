// Requests to the broker with a deadline, that node-rdkafka has no call for or one that blocks.
#pragma once

#include <nan.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "convert.h"
#include "handle.h"
#include "library.h"
#include "wake_up.h"

namespace zk {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rdkafka.rd_kafka_topic_partition_list_destroy(list); }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

/// [{ topic, partition, offset?, metadata? }] to a list that librdkafka can free.
List toList(v8::Local<v8::Value> value);
v8::Local<v8::Value> listToJs(const rd_kafka_topic_partition_list_t* list);
/// Gives the entry a copy, which librdkafka frees with the list.
void setMetadata(rd_kafka_topic_partition_t* entry, const std::string& text);

/// A request to the broker that may take until its deadline, on a thread of its own: libuv's pool is shared with
/// everything the process does, and a commit must not wait behind it. Keeps the consumer alive until it is answered.
class BrokerCall {
 public:
  BrokerCall(v8::Local<v8::Value> client, List list, double timeoutMs, v8::Local<v8::Function> callback);
  virtual ~BrokerCall() { client_.Reset(); }

  /// Calls back with (librdkafka code, partitions); deletes itself.
  void start();

  /// Makes the pending calls of one consumer end soon, with ERR__STATE. They let go of their queues while its handle is
  /// still alive, which closing the consumer would otherwise wait for.
  static void cancel(NodeKafka::Connection* connection);

 protected:
  /// On the main thread, so that calls reach librdkafka in the order they were made. Sends the request, if that does not
  /// wait. False: error_ says why there is nothing to wait for.
  virtual bool begin() { return true; }
  /// On a thread: sets error_ and list_. Must return soon after the deadline, or once cancelled_.
  virtual void wait() = 0;

  int remainingMs() const;

  NodeKafka::Connection* const connection_;
  List list_;
  WakeUp wakeUp_;
  rd_kafka_resp_err_t error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
  std::atomic<bool> cancelled_{false};

 private:
  void finish();
  static void atExit(void* self);
  void closeAsync();

  const std::chrono::steady_clock::time_point deadline_;
  Nan::Persistent<v8::Object> client_;
  Nan::Callback callback_;
  Nan::AsyncResource resource_;
  uv_async_t* async_ = nullptr;
  std::thread thread_;
  /// Main thread only.
  static inline std::vector<BrokerCall*> pending_;
};

/// Waits for the answer on a queue of its own, and holds the connection lock only to look at it.
class QueuedCall : public BrokerCall {
 public:
  using BrokerCall::BrokerCall;

 protected:
  /// Sends the request, for an answer on the queue. An error: there is nothing to wait for.
  virtual rd_kafka_resp_err_t send(rd_kafka_t* client, rd_kafka_queue_t* queue) = 0;
  /// Takes what it wants to know out of an event. @returns whether it was the answer
  virtual bool read(rd_kafka_event_t* event) = 0;

 private:
  bool begin() final;
  void wait() final;
  bool answered();
  bool letGo();

  rd_kafka_queue_t* queue_ = nullptr;
};

template <typename Call>
NAN_METHOD(StartCall) {  // (client, entries, timeoutMs, callback)
  (new Call(info[0], toList(info[1]), Nan::To<double>(info[2]).FromJust(), info[3].As<v8::Function>()))->start();
}

}  // namespace zk
