#pragma once

#include <nan.h>

namespace zk {

/// Exports the class Producer(onReady); src/producer.ts wraps it.
void exportProducer(v8::Local<v8::Object> target);

}  // namespace zk
