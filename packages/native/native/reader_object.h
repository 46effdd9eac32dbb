#pragma once

#include <nan.h>

namespace zk {

/// Exports the class Reader(client, onReady); src/reader.ts wraps it.
void exportReader(v8::Local<v8::Object> target);

}  // namespace zk
