// SPDX-License-Identifier: Apache-2.0
#include "tailrace/plugin.h"

namespace tailrace {
namespace {

// Lines are events on their own.
class LineStream final : public Parser::Stream {
 public:
  explicit LineStream(Parser& parser) : parser_(parser) {}

  void Parse(std::span<const Line> lines, Batch& batch) override {
    for (const Line& line : lines) {
      if (parser_.Parse(line, batch) != ParseStatus::kOk) batch.unmatched().push_back(line);
    }
  }

 private:
  Parser& parser_;
};

}  // namespace

std::unique_ptr<Parser::Stream> Parser::NewStream() { return std::make_unique<LineStream>(*this); }

bool Encoder::Decode(std::string_view /*event*/, Batch& /*batch*/, Row& /*row*/) { return false; }

}  // namespace tailrace
