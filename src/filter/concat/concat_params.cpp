// SPDX-License-Identifier: Apache-2.0
#include "filter/concat/concat_params.h"

namespace tailrace::concat {

EnumNames ParamNames(PartialFormat) {
  return {{"docker-fluentd", int(PartialFormat::kDockerFluentd)},
          {"docker-journald", int(PartialFormat::kDockerJournald)},
          {"docker-journald-lowercase", int(PartialFormat::kDockerJournaldLowercase)}};
}

EnumNames ParamNames(OverflowMethod) {
  return {{"ignore", int(OverflowMethod::kIgnore)},
          {"truncate", int(OverflowMethod::kTruncate)},
          {"drop", int(OverflowMethod::kDrop)},
          {"new", int(OverflowMethod::kNew)}};
}

namespace {

// The modes exclude each other.
std::string ModeProblem(const ConcatParams& p) {
  const bool pattern = p.multiline_start_regexp || p.multiline_end_regexp;
  const struct {
    bool on;
    const char* name;
  } modes[] = {{p.n_lines.has_value(), "n_lines"},
               {pattern, "multiline_start_regexp/multiline_end_regexp"},
               {p.partial_key.has_value(), "partial_key"},
               {p.use_partial_metadata, "use_partial_metadata"},
               {p.use_partial_cri_logtag, "use_partial_cri_logtag"}};
  const char* first = nullptr;
  for (const auto& mode : modes) {
    if (!mode.on) continue;
    if (first != nullptr) return std::string(first) + " and " + mode.name + " are exclusive";
    first = mode.name;
  }
  if (first == nullptr) {
    return "either n_lines, multiline_start_regexp, multiline_end_regexp, partial_key, "
           "use_partial_metadata or use_partial_cri_logtag is required";
  }
  if (p.partial_key && !p.partial_value) {
    return "partial_value is required when partial_key is specified";
  }
  if (p.use_partial_cri_logtag && !p.partial_cri_logtag_key) {
    return "partial_cri_logtag_key is required with use_partial_cri_logtag";
  }
  return {};
}

}  // namespace

const Schema<ConcatParams>& ConcatParams::schema() {
  using P = ConcatParams;
  static const auto s =
      Schema<P>()
          .Param("key", &P::key, "Field whose texts are joined.", {.required = true})
          .Param("separator", &P::separator, "Stands between the texts.")
          .Param("n_lines", &P::n_lines, "Joins this many events.", {.min = 1})
          .Param("multiline_start_regexp", &P::multiline_start_regexp,
                 "/pattern/ of the first text of a group.")
          .Param("multiline_end_regexp", &P::multiline_end_regexp,
                 "/pattern/ of the last text of a group.")
          .Param("continuous_line_regexp", &P::continuous_line_regexp,
                 "/pattern/ of the texts that may follow; without it all do.")
          .Param("stream_identity_key", &P::stream_identity_key,
                 "Field that tells streams of one tag apart.")
          .Param("flush_interval", &P::flush_interval,
                 "An unfinished group is let go when nothing came for so long; 0: never.",
                 {.min = 0})
          .Param("timeout_label", &P::timeout_label,
                 "Where unfinished groups go; without it to @ERROR.")
          .Param("use_first_timestamp", &P::use_first_timestamp,
                 "Takes the time of the first event, not of the last.")
          .Param("partial_key", &P::partial_key, "Field that says that more follows …")
          .Param("partial_value", &P::partial_value, "… by having this value.")
          .Param("keep_partial_key", &P::keep_partial_key, "Keeps that field.")
          .Param("use_partial_metadata", &P::use_partial_metadata,
                 "Joins by the fields that Docker gives to parts of long lines.")
          .Param("partial_metadata_format", &P::partial_metadata_format,
                 "How these fields are called.")
          .Param("keep_partial_metadata", &P::keep_partial_metadata, "Keeps these fields.")
          .Param("use_partial_cri_logtag", &P::use_partial_cri_logtag,
                 "Joins by the P and F of CRI log lines.")
          .Param("partial_cri_logtag_key", &P::partial_cri_logtag_key, "Field that has them.")
          .Param("partial_cri_stream_key", &P::partial_cri_stream_key,
                 "Field with the name of the stream, which is removed.")
          .Param("buffer_limit_size", &P::buffer_limit_size,
                 "With partial_key: bytes of a group from which on buffer_overflow_method decides.")
          .Param("buffer_overflow_method", &P::buffer_overflow_method,
                 "ignore: joins all the same. truncate: lets the group go without the new part. "
                 "drop: drops the group and the part. new: lets the group go and begins anew.")
          .Check(ModeProblem);
  return s;
}

Mode ConcatParams::mode() const {
  if (n_lines) return Mode::kLines;
  if (partial_key) return Mode::kPartialKey;
  if (use_partial_metadata) return Mode::kPartialMetadata;
  if (use_partial_cri_logtag) return Mode::kPartialCri;
  return Mode::kPattern;
}

}  // namespace tailrace::concat
