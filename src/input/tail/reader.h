// SPDX-License-Identifier: Apache-2.0
#pragma once
// One turn of reading: the next piece of a target, within its limits, through the parser to the
// pipeline. Older generations come first. Used by one worker; nothing here is per line but the
// search for line ends.

#include <cstdint>
#include <functional>
#include <memory>

#include "input/tail/block_reader.h"
#include "input/tail/generation.h"
#include "input/tail/lifecycle.h"
#include "input/tail/line_emitter.h"
#include "input/tail/tail_params.h"
#include "input/tail/transcoder.h"
#include "tailrace/log.h"

namespace tailrace::tail {

class Reader {
 public:
  struct Turn {
    enum Kind : uint8_t {
      kMore,     // there is more: another turn, please
      kDone,     // nothing to read until something changes
      kBlocked,  // the pipeline cannot take more
      kWait,     // a limit is reached until `until`
    } kind;
    double until = 0;  // s of the steady clock
  };

  Reader(const TailParams& params, InputRuntime& runtime, Lifecycle& lifecycle,
         LineEmitter& emitter, Transcoder transcoder);

  Turn Read(Target& target, double now);
  // Emits what stands behind the last line end of a generation that will not grow any more. False
  // if that has to wait.
  bool ReadUnfinished(Target& target, Generation& generation, double now);

  // Files that are closed when they are read to their end if more than so many are open.
  void set_open_files_max(size_t count) { open_files_max_ = count; }

 private:
  struct Limits {
    size_t lines;
    size_t bytes;
    double until;  // when a limit that gives nothing now may give something
  };

  Turn ReadGeneration(Target& target, Generation& generation, double now);
  Limits LimitsOf(Target& target, double now) const;
  void Deliver(Target& target, Generation& generation);
  void AtEnd(Target& target, Generation& generation);
  void CountSkipped(Target& target);

  const TailParams& params_;
  InputRuntime& runtime_;
  Lifecycle& lifecycle_;
  LineEmitter& emitter_;
  Transcoder transcoder_;
  BlockReader blocks_;
  size_t open_files_max_ = SIZE_MAX;
  size_t bytes_per_second_;  // 0: no limit
  LogLimit long_limit_;
};

}  // namespace tailrace::tail
