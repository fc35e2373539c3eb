// SPDX-License-Identifier: Apache-2.0
#pragma once
// A folder with log files and a tail input on it, started, stopped and killed by tests.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "input/tail/fake_pipeline.h"
#include "input/tail/source_file.h"
#include "input/tail/tail_input.h"

namespace tailrace::tail {

class TailFixture : public ::testing::Test {
 protected:
  TailFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "tail_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
    params_.path = Path("a.log");
    params_.pos_file = Path("pos");
    params_.tag = "app";
    params_.read_from_head = true;
    params_.rotate_wait = {0.3};
  }
  ~TailFixture() override {
    input_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Append(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::app | std::ios::binary) << text;
  }
  void Rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(Path(from), Path(to));
  }
  void Truncate(const std::string& name) const { std::filesystem::resize_file(Path(name), 0); }
  void Delete(const std::string& name) const { std::filesystem::remove(Path(name)); }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static uint64_t Inode(const std::string& path) { return StatPath(path)->id.inode; }

  void Start() {
    if (!pipeline_) pipeline_ = std::make_unique<FakePipeline>();
    TailInput::Parts parts;
    parts.id = "tail_test";
    parts.node = "node";
    parts.clock = [] { return EventTime{std::time(nullptr), 0}; };
    if (joining_) {
      parts.parser = std::make_unique<FakeJoiningParser>();
    } else {
      parts.parser = std::make_unique<FakeLineParser>();
    }
    input_ = std::make_unique<TailInput>(params_, std::move(parts));
    const Status started = input_->Start(*pipeline_);
    ASSERT_TRUE(started) << started.error().message;
  }
  // A stop with everything acknowledged.
  void Stop() {
    input_->Stop();
    pipeline_->Acknowledge();
    input_->Close();
    input_.reset();
  }
  // As after kill -9: nothing more is written, what is not acknowledged never will be.
  void Kill() {
    input_.reset();
    pipeline_->Acknowledge();
  }

  std::string folder_;
  TailParams params_;
  bool joining_ = false;
  std::unique_ptr<FakePipeline> pipeline_ = std::make_unique<FakePipeline>();
  std::unique_ptr<TailInput> input_;
};

}  // namespace tailrace::tail
