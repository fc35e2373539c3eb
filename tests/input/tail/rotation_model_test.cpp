// SPDX-License-Identifier: Apache-2.0
// A writer that rotates under load, an agent that is killed at random moments and started again:
// in the end every line has arrived, and no line has had two ids.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "input/tail/tail_fixture.h"

namespace tailrace::tail {
namespace {

enum class Way { kRename, kRenameGzip, kCopyTruncate, kDated };

class Writer {
 public:
  Writer(std::string folder, Way way, unsigned seed)
      : folder_(std::move(folder)), way_(way), random_(seed) {}

  void Run(const std::atomic<bool>& stop) {
    while (!stop) {
      WriteSome();
      if (random_() % (way_ == Way::kCopyTruncate ? 20 : 40) == 0) Rotate();
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 4000));
    }
    WriteSome();
  }
  uint64_t lines() const { return next_; }

 private:
  std::string Path(const std::string& suffix = "") const { return folder_ + "/a.log" + suffix; }

  void WriteSome() {
    std::ofstream file(Path(), std::ios::app | std::ios::binary);
    for (uint64_t i = random_() % 40; i > 0; --i) {
      // Half of them in two pieces.
      std::string line =
          "line " + std::to_string(next_++) + std::string(random_() % 60, 'x') + "\n";
      const size_t cut = random_() % line.size();
      file << line.substr(0, cut);
      if (i % 2 == 0) file.flush();
      file << line.substr(cut);
    }
  }

  void Rotate() {
    namespace fs = std::filesystem;
    if (way_ == Way::kDated) {
      // As the kubelet: the local time to the second (here each a second later, however fast we
      // are), and the file before is compressed.
      const std::time_t when = start_ + ++rotations_;
      std::tm local{};
      localtime_r(&when, &local);
      char stamp[32];
      std::strftime(stamp, sizeof stamp, ".%Y%m%d-%H%M%S", &local);
      fs::rename(Path(), Path(stamp));
      if (!last_dated_.empty()) Compress(last_dated_, last_dated_ + ".gz");
      last_dated_ = Path(stamp);
      return;
    }
    for (unsigned i = ++rotations_; i >= 1; --i) {
      for (const char* ending : {"", ".gz"}) {
        const std::string from = Path("." + std::to_string(i) + ending);
        if (fs::exists(from)) fs::rename(from, Path("." + std::to_string(i + 1) + ending));
      }
    }
    if (way_ == Way::kCopyTruncate) {
      fs::copy_file(Path(), Path(".1"));
      fs::resize_file(Path(), 0);
      return;
    }
    fs::rename(Path(), Path(".1"));
    if (way_ == Way::kRenameGzip && fs::exists(Path(".2"))) Compress(Path(".2"), Path(".2.gz"));
  }

  static void Compress(const std::string& from, const std::string& to) {
    // Written under another name first, as gzip's users do.
    const std::string command = "gzip -c '" + from + "' > '" + to + ".tmp' && mv '" + to +
                                ".tmp' '" + to + "' && rm '" + from + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  std::string folder_;
  Way way_;
  std::mt19937 random_;
  std::atomic<uint64_t> next_{0};
  const std::time_t start_ = std::time(nullptr);
  unsigned rotations_ = 0;
  std::string last_dated_;
};

class RotationModelTest : public TailFixture,
                          public ::testing::WithParamInterface<std::pair<Way, unsigned>> {
 protected:
  // What the agent's life so far brought to the destination.
  void Collect() {
    for (size_t i = 0; i < pipeline_->seen.size(); ++i) {
      const Seen& event = pipeline_->seen[i];
      const std::string message = event.message();
      const auto [known, added] = ids_.emplace(message, event.id());
      if (known->second != event.id()) {
        ADD_FAILURE() << message << " has the ids " << known->second << " and " << event.id();
      }
      const auto [line, new_id] = messages_.emplace(event.id(), message);
      EXPECT_EQ(line->second, message) << event.id();
      if (i < pipeline_->acknowledged()) arrived_.insert(message.substr(0, message.find('x')));
    }
    for (const auto& [reason, bytes] : pipeline_->lost)
      ADD_FAILURE() << bytes << " lost: " << reason;
  }
  bool Complete(uint64_t lines) const {
    std::set<std::string> all = arrived_;
    for (size_t i = 0; i < pipeline_->acknowledged(); ++i) {
      const std::string message = pipeline_->seen[i].message();
      all.insert(message.substr(0, message.find('x')));
    }
    return all.size() >= lines;
  }

  std::map<std::string, std::string> ids_;
  std::map<std::string, std::string> messages_;
  std::set<std::string> arrived_;
};

TEST_P(RotationModelTest, NothingIsLostAndNoLineHasTwoIds) {
  const auto [way, seed] = GetParam();
  std::mt19937 random(seed + 1000);
  Append("a.log", "");
  Start();  // from now on the path is known
  Kill();
  Writer writer(folder_, way, seed);
  std::atomic<bool> stop{false};
  std::thread thread([&] { writer.Run(stop); });

  for (int life = 0; life < 12; ++life) {
    pipeline_ = std::make_unique<FakePipeline>();
    pipeline_->hold_back = true;
    Start();
    const int turns = 1 + static_cast<int>(random() % 10);
    for (int i = 0; i < turns; ++i) {
      pipeline_->Run(0.001 * static_cast<double>(random() % 40));
      pipeline_->Acknowledge(random() % 5);
      pipeline_->writable = random() % 4 != 0;
    }
    Collect();
    input_.reset();  // killed: what is in flight is lost with it
    pipeline_.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
  }
  stop = true;
  thread.join();

  pipeline_ = std::make_unique<FakePipeline>();
  Start();
  pipeline_->Run(30, [&] { return Complete(writer.lines()); });
  Collect();
  EXPECT_EQ(arrived_.size(), writer.lines());
  for (uint64_t i = 0; i < writer.lines() && arrived_.size() < writer.lines(); ++i) {
    const std::string line = "line " + std::to_string(i);
    if (!arrived_.contains(line)) {
      ADD_FAILURE() << line << " is missing";
      break;
    }
  }
  Stop();
}

std::vector<std::pair<Way, unsigned>> Cases() {
  std::vector<std::pair<Way, unsigned>> cases;
  for (const Way way : {Way::kRename, Way::kRenameGzip, Way::kCopyTruncate, Way::kDated}) {
    for (unsigned seed = 1; seed <= 3; ++seed) cases.emplace_back(way, seed);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Ways, RotationModelTest, ::testing::ValuesIn(Cases()));

}  // namespace
}  // namespace tailrace::tail
