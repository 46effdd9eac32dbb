#include "reader_object.h"

#include <cstdlib>
#include <memory>

#include "call_back.h"
#include "convert.h"
#include "library.h"
#include "reader.h"

namespace zk {

namespace {

class ReaderObject final : public Nan::ObjectWrap {
 public:
  static NAN_METHOD(New) {
    auto* connection = unwrapConnection(info[0]);
    if (connection == nullptr) return Nan::ThrowTypeError("not a client of node-rdkafka");
    auto* self = new ReaderObject(info[0].As<v8::Object>(), info[1].As<v8::Function>(), Nan::To<uint32_t>(info[2]).FromJust(),
                                  connection);
    self->Wrap(info.This());
    info.GetReturnValue().Set(info.This());
  }

  /// @returns a librdkafka error code, 0 when the reader is open.
  static NAN_METHOD(Open) {
    auto* self = of(info);
    const auto error = self->reader_.open();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) self->open();
    info.GetReturnValue().Set(static_cast<int32_t>(error));
  }

  static NAN_METHOD(Run) { of(info)->reader_.run(); }

  static NAN_METHOD(Attach) {
    info.GetReturnValue().Set(
        static_cast<int32_t>(of(info)->reader_.attach(toString(info[0]), toInt(info[1]), toInt(info[2]))));
  }

  static NAN_METHOD(Detach) { of(info)->reader_.detach(toInt(info[0])); }

  static NAN_METHOD(SetPaused) {
    of(info)->reader_.setPaused(toInt(info[0]), Nan::To<bool>(info[1]).FromJust());
  }

  static NAN_METHOD(BeginSeek) {
    info.GetReturnValue().Set(of(info)->reader_.beginSeek(toString(info[0]), toInt(info[1])));
  }

  static NAN_METHOD(EndSeek) { of(info)->reader_.endSeek(toString(info[0]), toInt(info[1])); }

  static NAN_METHOD(Request) {
    Nan::TypedArrayContents<int32_t> inFlight(info[4]);
    of(info)->reader_.request(static_cast<size_t>(Nan::To<double>(info[0]).FromJust()),
                              static_cast<uint64_t>(Nan::To<double>(info[1]).FromJust()), roomOf(info[2], info[3]),
                              std::vector<int32_t>(*inFlight, *inFlight + inFlight.length()));
  }

  static NAN_METHOD(Queued) {
    info.GetReturnValue().Set(static_cast<double>(of(info)->reader_.queued(toInt(info[0]))));
  }

  static NAN_METHOD(Position) {
    info.GetReturnValue().Set(static_cast<double>(of(info)->reader_.position(toInt(info[0]))));
  }

  static NAN_METHOD(Take) {
    Output output;
    if (!of(info)->reader_.take(&output)) return;
    auto result = Nan::New<v8::Object>();
    setNumber(result, "room", output.block.room.id);
    if (output.block.data != nullptr && !output.block.isLent()) {
      auto store = v8::ArrayBuffer::NewBackingStore(
          output.block.data, output.block.size, [](void* block, size_t, void*) { free(block); }, nullptr);
      set(result, "block", v8::ArrayBuffer::New(info.GetIsolate(), std::move(store)));
    }
    auto events = Nan::New<v8::Array>(static_cast<int>(output.events.size()));
    for (size_t i = 0; i < output.events.size(); i++) Nan::Set(events, static_cast<uint32_t>(i), eventToJs(output.events[i]));
    set(result, "events", events);
    info.GetReturnValue().Set(result);
  }

  static NAN_METHOD(Close) { of(info)->close(); }

 private:
  using Arguments = const Nan::FunctionCallbackInfo<v8::Value>&;

  ReaderObject(v8::Local<v8::Object> client, v8::Local<v8::Function> onReady, uint32_t groups,
               NodeKafka::Connection* connection)
      : client_(client), onReady_(onReady), reader_(connection, groups, [this] { uv_async_send(async_); }) {}

  ~ReaderObject() override { client_.Reset(); }

  static ReaderObject* of(Arguments info) { return Nan::ObjectWrap::Unwrap<ReaderObject>(info.Holder()); }
  static Room roomOf(v8::Local<v8::Value> buffer, v8::Local<v8::Value> id) {
    if (!buffer->IsArrayBuffer()) return Room{};
    auto store = buffer.As<v8::ArrayBuffer>()->GetBackingStore();
    return Room{static_cast<uint8_t*>(store->Data()), store->ByteLength(), toInt(id), store};
  }

  static int32_t toInt(v8::Local<v8::Value> value) { return Nan::To<int32_t>(value).FromJust(); }

  static v8::Local<v8::Value> eventToJs(const ReaderEvent& event) {
    auto object = Nan::New<v8::Object>();
    if (event.isEnd) {
      set(object, "type", toJs("end"));
      setNumber(object, "slot", event.slot);
      setNumber(object, "offset", event.offset);
      return object;
    }
    set(object, "type", toJs("error"));
    setNumber(object, "code", event.code);
    set(object, "message", toJs(event.message));
    set(object, "fatal", Nan::New(event.fatal));
    if (!event.topic.empty()) set(object, "topic", toJs(event.topic));
    if (event.partition >= 0) setNumber(object, "partition", event.partition);
    return object;
  }

  /// From here to close() this object keeps itself, and through client_ node-rdkafka's consumer, from being collected:
  /// the consumer's destructor would disconnect on the main thread under a running reader.
  void open() {
    open_ = true;
    async_ = newAsync();
    Ref();
    node::AddEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
  }

  void close() {
    if (!open_) return;
    open_ = false;
    reader_.stop();
    node::RemoveEnvironmentCleanupHook(v8::Isolate::GetCurrent(), atExit, this);
    closeAsync();
    client_.Reset();
    onReady_.Reset();
    Unref();
  }

  /// The process ends with the reader open: the thread must be gone before the libraries it runs in are torn down.
  static void atExit(void* self) {
    auto* object = static_cast<ReaderObject*>(self);
    object->open_ = false;
    object->reader_.stop();
    object->closeAsync();
  }

  void closeAsync() {
    uv_close(reinterpret_cast<uv_handle_t*>(async_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_async_t*>(handle); });
    async_ = nullptr;
  }

  static void onAsync(uv_async_t* async) {
    auto* self = static_cast<ReaderObject*>(async->data);
    if (!self->open_) return;
    Nan::HandleScope scope;
    callBack(self->onReady_);
  }

  uv_async_t* newAsync() {
    auto* async = new uv_async_t;
    uv_async_init(Nan::GetCurrentEventLoop(), async, onAsync);
    async->data = this;
    return async;
  }

  Nan::Persistent<v8::Object> client_;
  Nan::Callback onReady_;
  bool open_ = false;
  uv_async_t* async_ = nullptr;
  Reader reader_;
};

}  // namespace

void exportReader(v8::Local<v8::Object> target) {
  auto type = Nan::New<v8::FunctionTemplate>(ReaderObject::New);
  type->SetClassName(toJs("Reader"));
  type->InstanceTemplate()->SetInternalFieldCount(1);
  Nan::SetPrototypeMethod(type, "open", ReaderObject::Open);
  Nan::SetPrototypeMethod(type, "run", ReaderObject::Run);
  Nan::SetPrototypeMethod(type, "attach", ReaderObject::Attach);
  Nan::SetPrototypeMethod(type, "detach", ReaderObject::Detach);
  Nan::SetPrototypeMethod(type, "setPaused", ReaderObject::SetPaused);
  Nan::SetPrototypeMethod(type, "beginSeek", ReaderObject::BeginSeek);
  Nan::SetPrototypeMethod(type, "endSeek", ReaderObject::EndSeek);
  Nan::SetPrototypeMethod(type, "request", ReaderObject::Request);
  Nan::SetPrototypeMethod(type, "queued", ReaderObject::Queued);
  Nan::SetPrototypeMethod(type, "position", ReaderObject::Position);
  Nan::SetPrototypeMethod(type, "take", ReaderObject::Take);
  Nan::SetPrototypeMethod(type, "close", ReaderObject::Close);
  set(target, "Reader", Nan::GetFunction(type).ToLocalChecked());
}

}  // namespace zk
