// SPDX-License-Identifier: Apache-2.0
// The v1 grammar on any bytes: no crash, no endless loop, and every problem prints. Includes are
// recorded, not followed.
#include <cstdint>
#include <memory>
#include <string>

#include "config/evaluator.h"
#include "config/tree_json.h"
#include "config/v1_parser.h"

namespace {

class NoIncludes : public tailrace::config::Includer {
 public:
  void Include(std::string_view, const tailrace::config::Location&,
               tailrace::config::Element*) override {}
  void IncludeYaml(std::string_view, const tailrace::config::Location&,
                   tailrace::config::Element*) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace::config;
  auto file = std::make_shared<SourceFile>();
  file->name = "fuzz.conf";
  file->text.assign(reinterpret_cast<const char*>(data), size);
  ruby::Host host;
  host.environment.emplace();
  ConfigEvaluator evaluator(host);
  NoIncludes includes;
  Problems problems;
  Element root;
  ParseV1(file, &evaluator, &includes, &problems, &root);
  Format(problems);
  ToJson(root);
  ToMaskedText(root, nullptr);
  return 0;
}
