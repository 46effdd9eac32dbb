#include "handle.h"

#include "rdkafkacpp.h"
#include "src/connection.h"

namespace zk {

namespace {

// The fields are protected. A pointer to member named through a subclass may read them, and needs no symbol of
// node-rdkafka, which this addon is not linked to.
struct Fields : NodeKafka::Connection {
  static RdKafka::Handle* client(NodeKafka::Connection* c) { return c->*(&Fields::m_client); }
  static bool closing(NodeKafka::Connection* c) { return c->*(&Fields::m_is_closing); }
  static uv_rwlock_t* lock(NodeKafka::Connection* c) { return &(c->*(&Fields::m_connection_lock)); }
};

}  // namespace

NodeKafka::Connection* unwrapConnection(v8::Local<v8::Value> value) {
  if (!value->IsObject()) return nullptr;
  auto object = value.As<v8::Object>();
  if (object->InternalFieldCount() < 1) return nullptr;
  return Nan::ObjectWrap::Unwrap<NodeKafka::Connection>(object);
}

Lease::Lease(NodeKafka::Connection* connection) : connection_(connection) {
  locked_ = uv_rwlock_tryrdlock(Fields::lock(connection_)) == 0;
  // node-rdkafka marks the consumer as closing before it asks for the lock: whoever sees the mark makes way. (It reads
  // these two fields without the lock as well; with it, they cannot change for the worse.)
  auto* handle = Fields::client(connection_);
  gone_ = Fields::closing(connection_) || handle == nullptr;
  if (locked_ && !gone_) client_ = handle->c_ptr();
}

Lease::~Lease() {
  if (locked_) uv_rwlock_rdunlock(Fields::lock(connection_));
}

}  // namespace zk
