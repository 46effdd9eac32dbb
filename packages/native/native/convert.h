// Small conversions between V8 values and what librdkafka takes.
#pragma once

#include <nan.h>

#include <string>

#include "rdkafka.h"

namespace zk {

inline std::string toString(v8::Local<v8::Value> value) {
  Nan::Utf8String text(value);
  return std::string(*text, text.length());
}

inline v8::Local<v8::String> toJs(const std::string& text) {
  return Nan::New<v8::String>(text.data(), static_cast<int>(text.size())).ToLocalChecked();
}

inline v8::Local<v8::Value> get(v8::Local<v8::Object> object, const char* name) {
  return Nan::Get(object, Nan::New(name).ToLocalChecked()).ToLocalChecked();
}

inline void set(v8::Local<v8::Object> object, const char* name, v8::Local<v8::Value> value) {
  Nan::Set(object, Nan::New(name).ToLocalChecked(), value);
}

template <typename T>
void setNumber(v8::Local<v8::Object> object, const char* name, T value) {
  set(object, name, Nan::New<v8::Number>(static_cast<double>(value)));
}

}  // namespace zk
