// SPDX-License-Identifier: Apache-2.0
// What Fluentd's in_tail was recorded to do (tests/oracle/tail.ndjson), step by step with real
// files, from the text of the configuration on.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"
#include "input/tail/fake_pipeline.h"
#include "input/tail/source_file.h"
#include "oracle/oracle.h"
#include "plugins.h"
#include "runtime/builder.h"

namespace tailrace::tail {
namespace {

namespace fs = std::filesystem;
using oracle::Json;

constexpr EventTime kNow{1772600767, 123456789};
// The recorder waited 0.7 s after each step.
constexpr double kSettleSeconds = 0.4;

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

class Script {
 public:
  explicit Script(const oracle::Case& one) : data_(one.data) {
    std::string name = (fs::temp_directory_path() / "tail_oracle_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
  }
  ~Script() {
    plan_ = {};
    builder_.reset();
    fs::remove_all(folder_);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  std::string Differs() {
    for (const Json& step : data_["input"]["steps"]) {
      if (!Do(step)) return data_["expect"].contains("config_error") ? "" : config_problems_;
    }
    if (data_["expect"].contains("config_error")) return "no error in the configuration";
    pipeline_.Run(kSettleSeconds);
    const size_t running = pipeline_.seen.size();
    Stop();
    std::string why = Compare("events", 0, running);
    if (why.empty()) why = Compare("at_stop", running, pipeline_.seen.size());
    if (why.empty()) why = ComparePositions();
    return why;
  }

 private:
  std::string Path(const Json& name) const { return folder_ + "/" + name.get<std::string>(); }

  void Write(const std::string& path, const Json& text, std::ios::openmode mode) {
    fs::create_directories(fs::path(path).parent_path());
    const bool known = fs::exists(path);
    std::ofstream(path, mode | std::ios::binary) << text.get<std::string>();
    if (!known) inodes_.push_back(StatPath(path)->id.inode);
    pipeline_.Run(kSettleSeconds);
  }

  bool Do(const Json& step) {
    const std::string what = step[0];
    if (what == "start") return Start();
    if (what == "stop") {
      Stop();
    } else if (what == "write") {
      Write(Path(step[1]), step[2], std::ios::trunc);
    } else if (what == "append") {
      Write(Path(step[1]), step[2], std::ios::app);
    } else if (what == "rename") {
      fs::rename(Path(step[1]), Path(step[2]));
    } else if (what == "truncate") {
      fs::resize_file(Path(step[1]), 0);
    } else if (what == "delete") {
      fs::remove(Path(step[1]));
    } else if (what == "link") {
      fs::create_symlink(Path(step[1]), Path(step[2]));
    } else if (what == "age") {
      fs::last_write_time(Path(step[1]), fs::file_time_type::clock::now() -
                                             std::chrono::seconds(step[2].get<int>()));
    } else if (what == "pos") {
      char line[64];
      std::snprintf(line, sizeof line, "\t%016llx\t%016llx\n", step[2].get<unsigned long long>(),
                    static_cast<unsigned long long>(StatPath(Path(step[1]))->id.inode));
      std::ofstream(folder_ + "/pos", std::ios::app) << Path(step[1]) << line;
    } else if (what == "pos_raw") {
      std::string text = Replace(step[1], "%DIR%", folder_);
      for (size_t i = 0; i < inodes_.size(); ++i) text = Replace(text, Mask(i), Hex(inodes_[i]));
      std::ofstream(folder_ + "/pos", std::ios::trunc) << text;
    } else if (what == "wait") {
      pipeline_.Run(step[1].get<double>());
    } else {
      ADD_FAILURE() << "unknown step " << what;
    }
    return true;
  }

  bool Start() {
    std::string conf = Replace(data_["conf"], "%DIR%", folder_);
    conf +=
        "<label @L>\n<match **>\n@type null\n</match>\n</label>\n<match **>\n@type "
        "null\n</match>\n";
    config::Problems problems;
    config::LoadOptions options;
    loaded_ =
        std::make_unique<config::Loaded>(config::LoadText(conf, "fluent.conf", options, &problems));
    runtime::BuildOptions build;
    build.hostname = "oracle-host";
    build.clock = [] { return kNow; };
    if (!problems.HasErrors()) {
      builder_ = std::make_unique<runtime::Builder>(loaded_->root, build, problems);
      plan_ = builder_->Build(0);
    }
    config_problems_ = config::Format(problems);
    if (problems.HasErrors() || plan_.inputs.empty()) return false;
    EXPECT_TRUE(plan_.inputs[0].input->Start(pipeline_));
    pipeline_.Run(kSettleSeconds);
    return true;
  }

  void Stop() {
    if (plan_.inputs.empty()) return;
    plan_.inputs[0].input->Stop();
    plan_.inputs[0].input->Close();
    plan_ = {};
    builder_.reset();
  }

  std::string Compare(const std::string& key, size_t begin, size_t end) const {
    const std::string dirtag = Replace(folder_.substr(1), "/", ".");
    std::vector<std::string> got, expected;
    for (size_t i = begin; i < end; ++i) {
      const Seen& event = pipeline_.seen[i];
      const Json time = event.time == kNow ? Json("now") : Json{event.time.sec, event.time.nsec};
      got.push_back(
          Json{{"tag", event.tag}, {"time", time}, {"record", Json::parse(event.json)}}.dump());
    }
    if (data_["expect"].contains(key)) {
      for (Json event : data_["expect"][key]) {
        event.erase("sink");
        expected.push_back(
            Json::parse(Replace(Replace(event.dump(), "%DIRTAG%", dirtag), "%DIR%", folder_))
                .dump());
      }
    }
    if (data_["input"]["order_of_events_free"].get<bool>()) {
      std::sort(got.begin(), got.end());
      std::sort(expected.begin(), expected.end());
    }
    if (got == expected) return "";
    const auto join = [](const std::vector<std::string>& lines) {
      std::string text;
      for (const std::string& line : lines) text += "  " + line.substr(0, 300) + "\n";
      return text;
    };
    return key + ": expected\n" + join(expected) + "got\n" + join(got);
  }

  static std::string Mask(size_t i) { return "%INODE" + std::to_string(i + 1) + "%"; }
  static std::string Hex(uint64_t number) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
    return digits;
  }

  std::string ComparePositions() const {
    const Json& expect = data_["expect"]["pos_file"];
    if (!expect.is_string()) return fs::exists(folder_ + "/pos") ? "there is a pos_file" : "";
    std::string expected = Replace(expect, "%DIR%", folder_);
    for (size_t i = 0; i < inodes_.size(); ++i) {
      expected = Replace(expected, Mask(i), Hex(inodes_[i]));
    }
    std::ifstream file(folder_ + "/pos");
    std::stringstream text;
    text << file.rdbuf();
    if (text.str() == expected) return "";
    return "pos_file: expected\n" + expected + "got\n" + text.str();
  }

  const Json& data_;
  std::string folder_;
  std::vector<uint64_t> inodes_;  // of the files in the order in which they were made
  FakePipeline pipeline_;
  std::unique_ptr<config::Loaded> loaded_;
  std::unique_ptr<runtime::Builder> builder_;
  runtime::WorkerPlan plan_;
  std::string config_problems_;
};

TEST(TailOracle, Vectors) {
  oracle::Run(
      "tail", [](const oracle::Case& one) { return Script(one).Differs(); },
      oracle::Order::kTogether);
}

}  // namespace
}  // namespace tailrace::tail
