// SPDX-License-Identifier: Apache-2.0
#pragma once
// The running agent: workers, flush threads and signals, from start to a graceful end.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/element.h"
#include "config/problems.h"
#include "runtime/builder.h"
#include "runtime/worker.h"

namespace tailrace::runtime {

class Agent {
 public:
  // Builds everything; what is wrong is in `problems` afterwards. `root` must outlive the agent.
  Agent(const config::Element& root, BuildOptions options, config::Problems& problems);
  ~Agent();

  // Runs until TERM or INT has been handled: the first stops gracefully (what is buffered is
  // delivered, once), the second at once (what is not delivered is read again at the next start).
  // USR1 flushes all buffers. Returns the exit code of the process.
  int Run();

 private:
  void HandleSignal(int signal);
  void StopGracefully();

  std::unique_ptr<Builder> builder_;
  std::vector<std::unique_ptr<Worker>> workers_;
  int stops_ = 0;
};

}  // namespace tailrace::runtime
