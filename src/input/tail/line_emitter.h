// SPDX-License-Identifier: Apache-2.0
#pragma once
// Lines in, batches out: gives lines to the target's stream and what it makes of them to the
// pipeline, with the path key, unmatched lines and the origin of the generation that each event
// began in.

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "input/tail/generation.h"
#include "tailrace/log.h"
#include "tailrace/plugin.h"

namespace tailrace::tail {

class LineEmitter {
 public:
  struct Options {
    std::string path_key;  // empty: none
    bool emit_unmatched = false;
    std::function<EventTime()> clock;
  };

  LineEmitter(InputRuntime& runtime, Options options);

  // Emits the lines, whose segment this is.
  void Emit(Target& target, Generation& generation, std::span<Line> lines,
            const SegmentRef& segment);
  // Emits what the target's stream holds.
  void Flush(Target& target);

 private:
  void Send(Target& target, std::unique_ptr<Batch> batch);
  void AddUnmatched(const Target& target, Batch& batch);
  void AddPath(const Target& target, Batch& batch);
  void SendForeign(Batch& batch);

  InputRuntime& runtime_;
  Options options_;
  LogLimit unmatched_limit_;
};

}  // namespace tailrace::tail
