// SPDX-License-Identifier: Apache-2.0
#include "config/command_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace tailrace::config {
namespace {

constexpr size_t kBytesMax = 64 << 10;
constexpr std::chrono::seconds kWait{5};

// Reads to the end of `fd`; false after the limits.
bool ReadAll(int fd, std::string* text) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + kWait;
  std::array<char, 4096> buffer{};
  while (text->size() <= kBytesMax) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waited{fd, POLLIN, 0};
    if (left <= 0 || poll(&waited, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text->append(buffer.data(), static_cast<size_t>(count));
  }
  return false;
}

}  // namespace

Result<std::string> CommandOutput(const std::string& command) {
  const auto fail = [&command](const std::string& why) {
    return Fail("cannot run '" + command + "': " + why);
  };
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string shell = "sh", option = "-c", text = command;
  const std::array<char*, 4> args = {shell.data(), option.data(), text.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/bin/sh", &actions, nullptr, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return fail(std::strerror(error));
  }
  std::string output;
  const bool complete = ReadAll(ends[0], &output);
  close(ends[0]);
  if (!complete) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete) return fail("it printed too much or took too long");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return fail("it failed");
  if (output.ends_with('\n')) output.pop_back();
  if (output.ends_with('\r')) output.pop_back();
  return output;
}

}  // namespace tailrace::config
