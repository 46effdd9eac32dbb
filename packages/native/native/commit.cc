#include "commit.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "convert.h"
#include "handle.h"
#include "library.h"
#include "thread.h"
#include "wake_up.h"

namespace zk {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// How often a waiting thread looks whether the consumer closes or the process ends.
constexpr int kLookMs = 100;
/// When to ask again for a lock that node-rdkafka holds for a moment.
constexpr int kRetryMs = 1;

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rdkafka.rd_kafka_topic_partition_list_destroy(list); }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

/// [{ topic, partition, offset?, metadata? }] to a list that librdkafka can free.
List toList(v8::Local<v8::Value> value) {
  auto entries = value.As<v8::Array>();
  List list(rdkafka.rd_kafka_topic_partition_list_new(static_cast<int>(entries->Length())));
  for (uint32_t i = 0; i < entries->Length(); i++) {
    auto entry = Nan::Get(entries, i).ToLocalChecked().As<v8::Object>();
    auto* added = rdkafka.rd_kafka_topic_partition_list_add(list.get(), toString(get(entry, "topic")).c_str(),
                                                            Nan::To<int32_t>(get(entry, "partition")).FromJust());
    auto offset = get(entry, "offset");
    if (offset->IsNumber()) added->offset = static_cast<int64_t>(Nan::To<double>(offset).FromJust());
    auto metadata = get(entry, "metadata");
    if (!metadata->IsString()) continue;
    const std::string text = toString(metadata);
    added->metadata = rdkafka.rd_kafka_mem_malloc(nullptr, text.size() + 1);
    memcpy(added->metadata, text.c_str(), text.size() + 1);
    added->metadata_size = text.size();
  }
  return list;
}

v8::Local<v8::Value> listToJs(const rd_kafka_topic_partition_list_t* list) {
  auto entries = Nan::New<v8::Array>(list ? list->cnt : 0);
  for (int i = 0; list && i < list->cnt; i++) {
    const auto& from = list->elems[i];
    auto entry = Nan::New<v8::Object>();
    set(entry, "topic", toJs(from.topic));
    setNumber(entry, "partition", from.partition);
    setNumber(entry, "code", static_cast<int>(from.err));
    if (from.offset >= 0)
      setNumber(entry, "offset", from.offset);
    else
      set(entry, "offset", Nan::Null());
    if (from.metadata_size > 0)
      set(entry, "metadata", toJs(std::string(static_cast<const char*>(from.metadata), from.metadata_size)));
    else
      set(entry, "metadata", Nan::Null());
    Nan::Set(entries, static_cast<uint32_t>(i), entry);
  }
  return entries;
}

/// A request to the broker that may take until its deadline, on a thread of its own: libuv's pool is shared with
/// everything the process does, and a commit must not wait behind it. Keeps the consumer alive until it is answered.
class BrokerCall {
 public:
  BrokerCall(v8::Local<v8::Value> client, List list, double timeoutMs, v8::Local<v8::Function> callback)
      : connection_(unwrapConnection(client)),
        list_(std::move(list)),
        deadline_(Clock::now() + Milliseconds(static_cast<int64_t>(timeoutMs))),
        client_(client.As<v8::Object>()),
        callback_(callback),
        resource_("zk:broker-call") {}
  virtual ~BrokerCall() { client_.Reset(); }

  /// Calls back with (librdkafka code, partitions); deletes itself.
  void start() {
    async_ = new uv_async_t;
    uv_async_init(Nan::GetCurrentEventLoop(), async_, [](uv_async_t* async) {
      static_cast<BrokerCall*>(async->data)->finish();
    });
    async_->data = this;
    node::AddEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
    pending_.push_back(this);
    if (!begin()) {
      uv_async_send(async_);
      return;
    }
    thread_ = startWithoutSignals([this] {
      wait();
      uv_async_send(async_);
    });
  }

  /// Makes the pending calls of one consumer end soon, with ERR__STATE. They let go of their queues while its handle is
  /// still alive, which closing the consumer would otherwise wait for.
  static void cancel(NodeKafka::Connection* connection) {
    for (auto* call : pending_) {
      if (call->connection_ != connection) continue;
      call->cancelled_ = true;
      call->wakeUp_.wake();
    }
  }

 protected:
  /// On the main thread, so that calls reach librdkafka in the order they were made. Sends the request, if that does not
  /// wait. False: error_ says why there is nothing to wait for.
  virtual bool begin() { return true; }
  /// On a thread: sets error_ and list_. Must return soon after the deadline, or once cancelled_.
  virtual void wait() = 0;

  int remainingMs() const {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
  }

  NodeKafka::Connection* const connection_;
  List list_;
  WakeUp wakeUp_;
  rd_kafka_resp_err_t error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
  std::atomic<bool> cancelled_{false};

 private:
  void finish() {
    if (thread_.joinable()) thread_.join();
    std::erase(pending_, this);
    node::RemoveEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
    closeAsync();
    {
      Nan::HandleScope scope;
      v8::Local<v8::Value> arguments[] = {Nan::New(static_cast<int32_t>(error_)), listToJs(list_.get())};
      callback_.Call(2, arguments, &resource_);
    }
    delete this;
  }

  static void atExit(void* self) {
    auto* call = static_cast<BrokerCall*>(self);
    call->cancelled_ = true;
    call->wakeUp_.wake();
    if (call->thread_.joinable()) call->thread_.join();
    call->closeAsync();
  }

  void closeAsync() {
    uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
  }

  const Clock::time_point deadline_;
  Nan::Persistent<v8::Object> client_;
  Nan::Callback callback_;
  Nan::AsyncResource resource_;
  uv_async_t* async_ = nullptr;
  std::thread thread_;
  /// Main thread only.
  static inline std::vector<BrokerCall*> pending_;
};

/// Waits for the answer on a queue of its own, and holds the connection lock only to look at it.
class Commit final : public BrokerCall {
 public:
  using BrokerCall::BrokerCall;

 private:
  bool begin() override {
    Lease lease(connection_);
    if (!lease) {
      error_ = RD_KAFKA_RESP_ERR__STATE;
      return false;
    }
    queue_ = rdkafka.rd_kafka_queue_new(lease.client());
    rdkafka.rd_kafka_queue_io_event_enable(queue_, wakeUp_.writeEnd(), "r", 1);
    error_ = rdkafka.rd_kafka_commit_queue(lease.client(), list_.get(), queue_, nullptr, nullptr);
    if (error_ == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    rdkafka.rd_kafka_queue_destroy(queue_);
    return false;
  }

  void wait() override {
    error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (!answered() && remainingMs() > 0) {
      if (cancelled_) {
        error_ = RD_KAFKA_RESP_ERR__STATE;
        break;
      }
      wakeUp_.wait(std::min(remainingMs(), kLookMs));
    }
    while (!letGo()) wakeUp_.wait(kRetryMs);
  }

  /// @returns whether there is nothing more to wait for.
  bool answered() {
    Lease lease(connection_);
    if (!lease) {
      if (lease.isGone()) error_ = RD_KAFKA_RESP_ERR__STATE;
      return lease.isGone();
    }
    rd_kafka_event_t* event = rdkafka.rd_kafka_queue_poll(queue_, 0);
    if (event == nullptr) return false;
    const bool isAnswer = rdkafka.rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT;
    if (isAnswer) {
      error_ = rdkafka.rd_kafka_event_error(event);
      const auto* answer = rdkafka.rd_kafka_event_topic_partition_list(event);
      for (int i = 0; answer && i < std::min(answer->cnt, list_->cnt); i++) list_->elems[i].err = answer->elems[i].err;
    }
    rdkafka.rd_kafka_event_destroy(event);
    return isAnswer;
  }

  bool letGo() {
    Lease lease(connection_);
    if (lease) {
      rdkafka.rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
      rdkafka.rd_kafka_queue_destroy(queue_);
    } else if (lease.isGone()) {
      wakeUp_.abandon();  // the consumer is closing or closed: see Reader::stop
    } else {
      return false;
    }
    return true;
  }

  rd_kafka_queue_t* queue_ = nullptr;
};

/// librdkafka's call blocks, and the connection lock must be held for its length: so it is made in slices, to make way
/// for whoever wants the lock. Slices grow, for a broker that is slower than the first one.
class Committed final : public BrokerCall {
 public:
  using BrokerCall::BrokerCall;

 private:
  void wait() override {
    int slice = 500;
    error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (error_ == RD_KAFKA_RESP_ERR__TIMED_OUT && remainingMs() > 0) {
      if (cancelled_) {
        error_ = RD_KAFKA_RESP_ERR__STATE;
        break;
      }
      Lease lease(connection_);
      if (lease) {
        error_ = rdkafka.rd_kafka_committed(lease.client(), list_.get(), std::min(slice, remainingMs()));
        slice = std::min(slice * 2, 2000);
      } else if (lease.isGone()) {
        error_ = RD_KAFKA_RESP_ERR__STATE;
      } else {
        wakeUp_.wait(kRetryMs);
      }
    }
  }
};

template <typename Call>
NAN_METHOD(StartCall) {  // (client, entries, timeoutMs, callback)
  (new Call(info[0], toList(info[1]), Nan::To<double>(info[2]).FromJust(), info[3].As<v8::Function>()))->start();
}

NAN_METHOD(StoreOffsets) {  // (client, entries): [code, partitions]
  Lease lease(unwrapConnection(info[0]));
  auto list = toList(info[1]);
  const auto error =
      lease ? rdkafka.rd_kafka_offsets_store(lease.client(), list.get()) : RD_KAFKA_RESP_ERR__STATE;
  auto result = Nan::New<v8::Array>(2);
  Nan::Set(result, 0, Nan::New(static_cast<int32_t>(error)));
  Nan::Set(result, 1, listToJs(list.get()));
  info.GetReturnValue().Set(result);
}

NAN_METHOD(CancelCalls) {  // (client)
  if (auto* connection = unwrapConnection(info[0])) BrokerCall::cancel(connection);
}

NAN_METHOD(AssignmentLost) {  // (client): undefined when not connected
  Lease lease(unwrapConnection(info[0]));
  if (lease) info.GetReturnValue().Set(rdkafka.rd_kafka_assignment_lost(lease.client()) != 0);
}

}  // namespace

void exportCommit(v8::Local<v8::Object> target) {
  Nan::Export(target, "commit", StartCall<Commit>);
  Nan::Export(target, "committed", StartCall<Committed>);
  Nan::Export(target, "cancelCalls", CancelCalls);
  Nan::Export(target, "storeOffsets", StoreOffsets);
  Nan::Export(target, "assignmentLost", AssignmentLost);
}

}  // namespace zk
