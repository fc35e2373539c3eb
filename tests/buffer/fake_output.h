// SPDX-License-Identifier: Apache-2.0
#pragma once
// A buffered output whose destination is a script: what each delivery answers, and what it got.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "event/json.h"
#include "tailrace/plugin.h"

namespace tailrace::buffer {

class Script {
 public:
  using Answer = std::function<Delivery(const Chunk&)>;

  // The answers in order; after the last every delivery is done.
  void Then(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  Delivery Deliver(const Chunk& chunk) {
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      deliveries_.emplace_back();
      for (size_t i = 0; i < chunk.events(); ++i) {
        deliveries_.back().emplace_back(chunk.event(i));
      }
      if (!answers_.empty()) {
        answer = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    return answer ? answer(chunk) : Delivery{};
  }
  std::vector<std::vector<std::string>> deliveries() {
    const std::lock_guard lock(mutex_);
    return deliveries_;
  }

 private:
  std::mutex mutex_;
  std::deque<Answer> answers_;
  std::vector<std::vector<std::string>> deliveries_;
};

class JsonEncoder final : public Encoder {
 public:
  void Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
              EventContext& /*context*/) override {
    for (const uint32_t index : rows) {
      const Row& row = batch.rows()[index];
      chunk.BeginEvent(batch.segments().empty() ? SegmentRef() : batch.segments()[row.segment]);
      json::AppendObject(batch, row, chunk.body);
    }
  }
  bool Decode(std::string_view event, Batch& batch, Row& row) override {
    std::string padded(event);
    padded.resize(event.size() + json::kPadding);
    return json::ParseObject(batch.arena().Store(padded).substr(0, event.size()), batch, row);
  }
  bool separate_keys() const override { return false; }
};

class ScriptedOutput final : public BufferedOutput {
 public:
  explicit ScriptedOutput(Script& script) : script_(script) {}
  std::unique_ptr<Encoder> NewEncoder(PluginEnv& /*env*/) override {
    return std::make_unique<JsonEncoder>();
  }
  std::unique_ptr<Sender> NewSender() override { return std::make_unique<ScriptSender>(script_); }

 private:
  class ScriptSender final : public Sender {
   public:
    explicit ScriptSender(Script& script) : script_(script) {}
    Delivery Deliver(const Chunk& chunk) override { return script_.Deliver(chunk); }

   private:
    Script& script_;
  };
  Script& script_;
};

}  // namespace tailrace::buffer
