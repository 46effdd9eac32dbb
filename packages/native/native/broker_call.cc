#include "broker_call.h"

#include <algorithm>
#include <cstring>

#include "thread.h"

namespace zk {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// How often a waiting thread looks whether the consumer closes or the process ends.
constexpr int kLookMs = 100;
/// When to ask again for a lock that node-rdkafka holds for a moment.
constexpr int kRetryMs = 1;

}  // namespace

void setMetadata(rd_kafka_topic_partition_t* entry, const std::string& text) {
  entry->metadata = rdkafka.rd_kafka_mem_malloc(nullptr, text.size() + 1);
  memcpy(entry->metadata, text.c_str(), text.size() + 1);
  entry->metadata_size = text.size();
}

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
    if (metadata->IsString()) setMetadata(added, toString(metadata));
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

BrokerCall::BrokerCall(v8::Local<v8::Value> client, List list, double timeoutMs, v8::Local<v8::Function> callback)
    : connection_(unwrapConnection(client)),
      list_(std::move(list)),
      deadline_(Clock::now() + Milliseconds(static_cast<int64_t>(timeoutMs))),
      client_(client.As<v8::Object>()),
      callback_(callback),
      resource_("zk:broker-call") {}

void BrokerCall::start() {
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

void BrokerCall::cancel(NodeKafka::Connection* connection) {
  for (auto* call : pending_) {
    if (call->connection_ != connection) continue;
    call->cancelled_ = true;
    call->wakeUp_.wake();
  }
}

int BrokerCall::remainingMs() const {
  const auto left = std::chrono::duration_cast<Milliseconds>(deadline_ - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

void BrokerCall::finish() {
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

void BrokerCall::atExit(void* self) {
  auto* call = static_cast<BrokerCall*>(self);
  call->cancelled_ = true;
  call->wakeUp_.wake();
  if (call->thread_.joinable()) call->thread_.join();
  call->closeAsync();
}

void BrokerCall::closeAsync() {
  uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
}

bool QueuedCall::begin() {
  Lease lease(connection_);
  if (!lease) {
    error_ = RD_KAFKA_RESP_ERR__STATE;
    return false;
  }
  queue_ = rdkafka.rd_kafka_queue_new(lease.client());
  rdkafka.rd_kafka_queue_io_event_enable(queue_, wakeUp_.writeEnd(), "r", 1);
  error_ = send(lease.client(), queue_);
  if (error_ == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  rdkafka.rd_kafka_queue_destroy(queue_);
  return false;
}

void QueuedCall::wait() {
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
bool QueuedCall::answered() {
  Lease lease(connection_);
  if (!lease) {
    if (lease.isGone()) error_ = RD_KAFKA_RESP_ERR__STATE;
    return lease.isGone();
  }
  rd_kafka_event_t* event = rdkafka.rd_kafka_queue_poll(queue_, 0);
  if (event == nullptr) return false;
  const bool isAnswer = read(event);
  if (isAnswer) error_ = rdkafka.rd_kafka_event_error(event);
  rdkafka.rd_kafka_event_destroy(event);
  return isAnswer;
}

bool QueuedCall::letGo() {
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

}  // namespace zk
