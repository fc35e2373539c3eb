// SPDX-License-Identifier: Apache-2.0
#include "event/formatter_encoder.h"

namespace tailrace {

std::unique_ptr<FormatterEncoder> FormatterEncoder::Create(PluginEnv& env,
                                                           const char* default_type) {
  config::Element section;
  section.name = "format";
  section.location = env.element().location;
  if (const auto own = env.element().Sections("format"); !own.empty()) section = *own.front();
  if (section.Type().empty()) section.Set({.key = "@type", .text = default_type});
  auto encoder = std::make_unique<FormatterEncoder>();
  encoder->formatter_ = env.MakeFormatter(section);
  if (encoder->formatter_ == nullptr) return nullptr;
  if (const auto inject = env.element().Sections("inject"); !inject.empty()) {
    const auto params = Load<InjectParams>(*inject.front(), env.load());
    auto injector = Injector::Create(params, env.hostname(), env.worker());
    if (!injector) {
      env.Problem(*inject.front(), "", injector.error().message);
      return nullptr;
    }
    if (!injector->empty()) encoder->injector_ = std::move(*injector);
  }
  return encoder;
}

bool FormatterEncoder::Append(Batch& batch, uint32_t index, ByteBuffer& out, std::string* why) {
  if (!injector_) return formatter_->Format(batch, batch.rows()[index], out, why);
  // Other outputs may be given the same event, so a copy is changed.
  const Row original = batch.rows()[index];
  Row& copy = batch.CopyRow(batch, original);
  injector_->Apply(batch, copy, batch.origin()->tag);
  const bool formatted = formatter_->Format(batch, batch.rows().back(), out, why);
  batch.rows().pop_back();
  return formatted;
}

void FormatterEncoder::Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
                              EventContext& context) {
  std::string why;
  for (const uint32_t index : rows) {
    const size_t size = chunk.body.size();
    const Row& row = batch.rows()[index];
    chunk.BeginEvent(batch.segments().empty() ? SegmentRef() : batch.segments()[row.segment]);
    if (Append(batch, index, chunk.body, &why)) continue;
    chunk.body.Truncate(size);
    chunk.begins.pop_back();
    context.MoveToError(batch, batch.rows()[index], why);
  }
}

}  // namespace tailrace
