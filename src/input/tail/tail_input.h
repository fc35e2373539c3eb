// SPDX-License-Identifier: Apache-2.0
#pragma once
// <source> @type tail: reads log files as they grow, across rotations and restarts, so that nothing
// is lost and nothing is sent twice. Positions move only over acknowledged events; every event
// carries its file's identity and offset.
//
// One instance per worker; files are spread over them by path. Files that have something to read
// take turns, one block each; quiet files cost nothing.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "input/tail/tail_params.h"
#include "tailrace/plugin.h"

namespace tailrace::tail {

class TailInput final : public Input {
 public:
  using Params = TailParams;

  // What an instance is given besides its parameters.
  struct Parts {
    std::string id;
    std::string node;  // part of the identity of files
    int worker = 0;
    int workers = 1;
    std::function<EventTime()> clock;
    std::unique_ptr<Parser> parser;
  };

  TailInput(TailParams params, PluginEnv& env);
  TailInput(TailParams params, Parts parts);
  ~TailInput() override;

  Status Start(InputRuntime& runtime) override;
  void Stop() override;
  void Close() override;

 private:
  class Running;

  TailParams params_;
  Parts parts_;
  std::shared_ptr<Running> running_;
};

}  // namespace tailrace::tail

namespace tailrace {
PluginEntry TailInputPlugin();
}  // namespace tailrace
