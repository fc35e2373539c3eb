// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is done with each message, by kind of input.

#include <simdjson.h>

#include <array>
#include <string>

#include "cri_reader.h"
#include "nginx_line.h"
#include "render.h"

namespace tailrace::bench {

// Containers' messages: whole JSON objects are validated and copied, the rest is text.
class JsonHandler {
 public:
  explicit JsonHandler(BulkBody& body) : body_(body) {}
  void operator()(const FileIdentity& file, const CriMessage& message) {
    simdjson::dom::element document;
    // The reader leaves padding behind the text, so no copy is made.
    if (message.text.substr(0, 1) == "{" &&
        parser_.parse(message.text.data(), message.text.size(), false).get(document) ==
            simdjson::SUCCESS) {
      body_.AddObject(file, message);
    } else {
      body_.AddText(file, message);
    }
  }
  void EndFile(const FileIdentity&) {}

 private:
  BulkBody& body_;
  simdjson::dom::parser parser_;
};

// Text of a Java service: a line that begins with a digit starts an event, others belong to the
// one before, per stream.
class TraceHandler {
 public:
  explicit TraceHandler(BulkBody& body) : body_(body) {}
  void operator()(const FileIdentity& file, const CriMessage& message) {
    Pending& pending = pending_[message.stream[3] == 'e' ? 1 : 0];
    const bool starts = !message.text.empty() && message.text[0] >= '0' && message.text[0] <= '9';
    if (!starts && pending.open) {
      pending.text += '\n';
      pending.text += message.text;
      return;
    }
    Emit(file, pending);
    pending.open = true;
    pending.offset = message.offset;
    pending.time.assign(message.time);
    pending.stream.assign(message.stream);
    pending.text.assign(message.text);
  }
  void EndFile(const FileIdentity& file) {
    for (Pending& pending : pending_) Emit(file, pending);
  }

 private:
  struct Pending {
    bool open = false;
    std::uint64_t offset = 0;
    std::string time, stream, text;
  };
  void Emit(const FileIdentity& file, Pending& pending) {
    if (!pending.open) return;
    body_.AddText(file, {pending.time, pending.stream, pending.text, pending.offset});
    pending.open = false;
  }

  BulkBody& body_;
  std::array<Pending, 2> pending_;
};

// nginx access log lines, by hand or by the pattern; a line of another form is sent as text.
class NginxHandler {
 public:
  NginxHandler(BulkBody& body, bool by_pattern) : body_(body), by_pattern_(by_pattern) {}
  void operator()(const FileIdentity& file, const CriMessage& message) {
    const bool parsed =
        by_pattern_ ? regex_.Parse(message.text, record_) : ParseNginxByHand(message.text, record_);
    if (parsed) {
      body_.AddRecord(file, message.offset, record_.fields,
                      {record_.iso.data(), record_.iso.size()});
    } else {
      body_.AddText(file, message);
    }
  }
  void EndFile(const FileIdentity&) {}

 private:
  BulkBody& body_;
  bool by_pattern_;
  NginxRegex regex_;
  NginxRecord record_;
};

}  // namespace tailrace::bench
