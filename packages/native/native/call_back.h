// Calls from the event loop into JavaScript.
#pragma once

#include <nan.h>

namespace zk {

/// Calls a function without arguments, and lets microtasks run behind it.
///
/// Without a Nan::AsyncResource: one that is part of an object in JavaScript is destroyed by the garbage collector, and its
/// destructor looks for the current context, which there is none of then (seen: a crash in node::AsyncWrap::EmitDestroy).
inline void callBack(const Nan::Callback& callback) {
  auto function = callback.GetFunction();
  node::MakeCallback(v8::Isolate::GetCurrent(), function, function, 0, nullptr, node::async_context{0, 0});
}

}  // namespace zk
