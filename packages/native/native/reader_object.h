#pragma once

#include <nan.h>

namespace zk {

/// Exports the class Reader(client, onReady, groups); src/reader.ts wraps it.
void exportReader(v8::Local<v8::Object> target);

}  // namespace zk
