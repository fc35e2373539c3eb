// SPDX-License-Identifier: Apache-2.0
#pragma once
// The encoder of outputs that write what a <format> section makes of events, after <inject>. One
// per worker.

#include <memory>
#include <optional>

#include "config/element.h"
#include "event/inject.h"
#include "tailrace/plugin.h"

namespace tailrace {

class FormatterEncoder final : public Encoder {
 public:
  // From the <format> and <inject> sections of the output that `env` is for. Null after a problem.
  static std::unique_ptr<FormatterEncoder> Create(PluginEnv& env, const char* default_type);

  void Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
              EventContext& context) override;
  // Appends one event; false (and nothing appended) if it cannot be formatted.
  bool Append(Batch& batch, uint32_t row, ByteBuffer& out, std::string* why);

 private:
  std::unique_ptr<Formatter> formatter_;
  std::optional<Injector> injector_;
};

}  // namespace tailrace
