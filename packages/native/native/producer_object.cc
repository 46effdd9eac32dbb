#include "producer_object.h"

#include <atomic>
#include <thread>

#include "call_back.h"
#include "convert.h"
#include "producer.h"
#include "thread.h"

namespace zk {

namespace {

/// One call from JavaScript may not keep the main thread for long.
constexpr size_t kMaxReports = 4096;

class ProducerObject final : public Nan::ObjectWrap {
 public:
  static NAN_METHOD(New) {
    auto* self = new ProducerObject(info[0].As<v8::Function>());
    self->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  /// (names and values in turn): an empty string, or why librdkafka refuses them
  static NAN_METHOD(Open) {
    auto* self = of(info);
    auto list = info[0].As<v8::Array>();
    std::vector<std::pair<std::string, std::string>> properties;
    for (uint32_t i = 0; i + 1 < list->Length(); i += 2)
      properties.emplace_back(toString(Nan::Get(list, i).ToLocalChecked()), toString(Nan::Get(list, i + 1).ToLocalChecked()));
    self->start();
    const auto problem = self->producer_.open(properties);
    if (!problem.empty()) self->end();
    info.GetReturnValue().Set(toJs(problem));
  }

  /// (topic, partition, key, value, packed headers, timestamp, token): a librdkafka code, 0 when a report will follow
  static NAN_METHOD(Send) {
    auto* self = of(info);
    if (self->state_ != State::open) return info.GetReturnValue().Set(static_cast<int32_t>(RD_KAFKA_RESP_ERR__STATE));
    Nan::TypedArrayContents<uint8_t> key(info[2]), value(info[3]), headers(info[4]);
    RecordToSend record;
    record.topic = toString(info[0]);
    record.partition = Nan::To<int32_t>(info[1]).FromJust();
    record.key = bytesOf(info[2], key);
    record.value = bytesOf(info[3], value);
    record.headers = Bytes{*headers, headers.length()};
    record.timestamp = static_cast<int64_t>(Nan::To<double>(info[5]).FromJust());
    record.token = static_cast<uint64_t>(Nan::To<double>(info[6]).FromJust());
    info.GetReturnValue().Set(static_cast<int32_t>(self->producer_.send(record)));
  }

  static NAN_METHOD(Take) {
    auto* self = of(info);
    if (self->state_ != State::open) return;
    Reports reports;
    std::vector<ProducerEvent> events;
    // What is left is taken in another turn of the event loop.
    if (self->producer_.take(kMaxReports, &reports, &events)) uv_async_send(self->async_);
    if (reports.tokens.empty() && events.empty()) return;
    auto result = Nan::New<v8::Object>();
    set(result, "tokens", column<v8::Float64Array>(reports.tokens));
    set(result, "offsets", column<v8::Float64Array>(reports.offsets));
    set(result, "codes", column<v8::Int32Array>(reports.codes));
    set(result, "partitions", column<v8::Int32Array>(reports.partitions));
    set(result, "statuses", column<v8::Int32Array>(reports.statuses));
    auto list = Nan::New<v8::Array>(static_cast<int>(events.size()));
    for (size_t i = 0; i < events.size(); i++) Nan::Set(list, static_cast<uint32_t>(i), eventToJs(events[i]));
    set(result, "events", list);
    info.GetReturnValue().Set(result);
  }

  /// (token): a librdkafka code
  static NAN_METHOD(SetToken) {
    auto* self = of(info);
    const auto code = self->state_ == State::open ? self->producer_.setToken(toString(info[0])) : RD_KAFKA_RESP_ERR__STATE;
    info.GetReturnValue().Set(static_cast<int32_t>(code));
  }

  static NAN_METHOD(Purge) {
    auto* self = of(info);
    if (self->state_ == State::open) self->producer_.purge();
  }

  /// (onClosed): librdkafka's threads are waited for on another thread.
  static NAN_METHOD(Close) {
    auto* self = of(info);
    if (self->state_ != State::open) return;
    self->state_ = State::closing;
    self->onClosed_.Reset(info[0].As<v8::Function>());
    self->producer_.silence();
    self->closer_ = startWithoutSignals([self] {
      self->producer_.close();
      self->isClosed_ = true;
      uv_async_send(self->async_);
    });
  }

 private:
  enum class State { unopened, open, closing, closed };
  using Arguments = const Nan::FunctionCallbackInfo<v8::Value>&;

  explicit ProducerObject(v8::Local<v8::Function> onReady)
      : onReady_(onReady), producer_([this] { uv_async_send(async_); }) {}

  static ProducerObject* of(Arguments info) { return Nan::ObjectWrap::Unwrap<ProducerObject>(info.Holder()); }

  static Bytes bytesOf(v8::Local<v8::Value> value, const Nan::TypedArrayContents<uint8_t>& contents) {
    static const uint8_t empty = 0;
    if (!value->IsArrayBufferView()) return Bytes{};
    return Bytes{contents.length() == 0 ? &empty : *contents, contents.length()};
  }

  template <typename Array, typename T>
  static v8::Local<Array> column(const std::vector<T>& values) {
    auto buffer = v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), values.size() * sizeof(T));
    if (!values.empty()) memcpy(buffer->GetBackingStore()->Data(), values.data(), values.size() * sizeof(T));
    return Array::New(buffer, 0, values.size());
  }

  static v8::Local<v8::Value> eventToJs(const ProducerEvent& event) {
    auto object = Nan::New<v8::Object>();
    set(object, "type", toJs(event.isLog ? "log" : "error"));
    setNumber(object, event.isLog ? "severity" : "code", event.code);
    set(object, "message", toJs(event.message));
    if (event.isLog) set(object, "facility", toJs(event.facility));
    else set(object, "fatal", Nan::New(event.fatal));
    return object;
  }

  /// From here to end() this object keeps itself from being collected, and the process alive.
  void start() {
    state_ = State::open;
    async_ = new uv_async_t;
    uv_async_init(Nan::GetCurrentEventLoop(), async_, onAsync);
    async_->data = this;
    Ref();
    node::AddEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
  }

  void end() {
    state_ = State::closed;
    node::RemoveEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
    closeAsync();
    onReady_.Reset();
    Unref();
  }

  void closeAsync() {
    uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
    async_ = nullptr;
  }

  /// The process ends: librdkafka's threads may not call into what is being torn down. They end with the process.
  static void atExit(void* pointer) {
    auto* self = static_cast<ProducerObject*>(pointer);
    if (self->closer_.joinable()) self->closer_.join();
    else self->producer_.silence();
    self->state_ = State::closed;
    self->closeAsync();
  }

  static void onAsync(uv_async_t* async) {
    auto* self = static_cast<ProducerObject*>(async->data);
    Nan::HandleScope scope;
    if (self->state_ == State::open) callBack(self->onReady_);
    if (self->state_ != State::closing || !self->isClosed_) return;
    self->closer_.join();
    // Before end(), from which on this object may be collected.
    callBack(self->onClosed_);
    self->end();
  }

  Nan::Callback onReady_;
  Nan::Callback onClosed_;
  State state_ = State::unopened;
  uv_async_t* async_ = nullptr;
  std::thread closer_;
  std::atomic<bool> isClosed_{false};
  Producer producer_;
};

}  // namespace

void exportProducer(v8::Local<v8::Object> target) {
  auto type = Nan::New<v8::FunctionTemplate>(ProducerObject::New);
  type->SetClassName(toJs("Producer"));
  type->InstanceTemplate()->SetInternalFieldCount(1);
  Nan::SetPrototypeMethod(type, "open", ProducerObject::Open);
  Nan::SetPrototypeMethod(type, "send", ProducerObject::Send);
  Nan::SetPrototypeMethod(type, "take", ProducerObject::Take);
  Nan::SetPrototypeMethod(type, "setToken", ProducerObject::SetToken);
  Nan::SetPrototypeMethod(type, "purge", ProducerObject::Purge);
  Nan::SetPrototypeMethod(type, "close", ProducerObject::Close);
  set(target, "Producer", Nan::GetFunction(type).ToLocalChecked());
}

}  // namespace zk
