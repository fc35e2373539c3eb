// SPDX-License-Identifier: Apache-2.0
#include "input/tail/tail_params.h"

#include <string_view>

#include "text/time_zone.h"

namespace tailrace::tail {
namespace {

bool HasGlob(std::string_view path) { return path.find_first_of("*?[") != path.npos; }

std::string CheckGlobs(const TailParams& params) {
  if (params.glob_policy == GlobPolicy::kAlways && params.path_delimiter == ",") {
    return "cannot use glob_policy as always with the default path_delimiter \",\"";
  }
  const size_t brace = params.path.find('{');
  const bool braces =
      brace != std::string::npos && params.path.find(',', brace) != std::string::npos;
  if (params.glob_policy == GlobPolicy::kExtended && braces && HasGlob(params.path)) {
    return "cannot include curly braces with glob patterns in \"" + params.path +
           "\". Use glob_policy always instead";
  }
  return "";
}

std::string CheckReading(const TailParams& params) {
  if (!params.enable_watch_timer && !params.enable_stat_watcher) {
    return "either of enable_watch_timer or enable_stat_watcher must be true";
  }
  if (params.read_bytes_limit_per_second.bytes > 0 && !params.enable_watch_timer) {
    return "Need to enable watch timer when using log throttling feature";
  }
  if (params.follow_inodes && !params.pos_file) {
    return "Can't follow inodes without pos_file configuration parameter";
  }
  if (params.from_encoding && !params.encoding) {
    return "'from_encoding' parameter must be specified with 'encoding' parameter";
  }
  return "";
}

}  // namespace

const Schema<RuleParams>& RuleParams::schema() {
  static const auto s =
      Schema<RuleParams>()
          .Param("match", &RuleParams::match,
                 "Patterns for the names that the group's pattern takes from the path.")
          .Param("limit", &RuleParams::limit,
                 "Lines per rate_period that the files of the group may give together; 0 reads "
                 "nothing, -1 sets no limit. Lines wait in their file, none is dropped.",
                 {.min = -1});
  return s;
}

const Schema<GroupParams>& GroupParams::schema() {
  static const auto s =
      Schema<GroupParams>()
          .Param("pattern", &GroupParams::pattern,
                 "Takes names from a file's path by named groups.")
          .Param("rate_period", &GroupParams::rate_period, "The time that limits are counted over.")
          .Section("rule", &GroupParams::rules, "A limit for the files that match.",
                   {.required = true});
  return s;
}

const Schema<TailParams>& TailParams::schema() {
  using P = TailParams;
  static const auto s =
      Schema<P>()
          .Param("path", &P::path,
                 "Files to read: paths and patterns, comma separated, with strftime parts.",
                 {.required = true})
          .Param("path_delimiter", &P::path_delimiter, "What separates the paths.")
          .Param("glob_policy", &P::glob_policy, "Which characters make a path a pattern.")
          .Param("tag", &P::tag,
                 "The tag of the events; a * in it stands for the path with dots for slashes.",
                 {.required = true})
          .Param("exclude_path", &P::exclude_path, "Paths and patterns of files to leave alone.")
          .Param("rotate_wait", &P::rotate_wait,
                 "How long a deleted file must be quiet before it is closed. A file is never let "
                 "go with bytes unread or not acknowledged.")
          .Param("pos_file", &P::pos_file,
                 "Where positions are kept, in Fluentd's format. What it cannot hold is kept "
                 "beside it in a file with the ending .state.")
          .Param("pos_file_compaction_interval", &P::pos_file_compaction_interval,
                 "How often entries of files that are gone are removed from pos_file.")
          .Param("read_from_head", &P::read_from_head,
                 "Read files that are there at the start from their beginning. Files that appear "
                 "later always are.")
          .Param("refresh_interval", &P::refresh_interval,
                 "How often the list of files is made anew without any notice of a change.")
          .Param("read_lines_limit", &P::read_lines_limit, "Lines in one batch.", {.min = 1})
          .Param("read_bytes_limit_per_second", &P::read_bytes_limit_per_second,
                 "Bytes that are read from one file in a second; -1 sets no limit.")
          .Param("multiline_flush_interval", &P::multiline_flush_interval,
                 "An unfinished event of several lines goes out when its file was quiet for so "
                 "long.")
          .Param("emit_unmatched_lines", &P::emit_unmatched_lines,
                 "Emit lines that the parser does not know as {\"unmatched_line\": ..}.")
          .Param("enable_watch_timer", &P::enable_watch_timer,
                 "Look at files every second where the system gives no notice of changes.")
          .Param("enable_stat_watcher", &P::enable_stat_watcher,
                 "Use the system's notices of changes (inotify).")
          .Param("encoding", &P::encoding, "The encoding of the events' text.")
          .Param("from_encoding", &P::from_encoding,
                 "The encoding of the files; text is converted to `encoding`.")
          .Param("path_key", &P::path_key, "A field that gets the path of the file.")
          .Param("open_on_every_update", &P::open_on_every_update,
                 "Open the file for every reading and close it again.")
          .Param("limit_recently_modified", &P::limit_recently_modified,
                 "Leave alone files that were last changed longer ago than this.")
          .Param("skip_refresh_on_startup", &P::skip_refresh_on_startup,
                 "Look for files only after the first refresh_interval.")
          .Param("ignore_repeated_permission_error", &P::ignore_repeated_permission_error,
                 "Name an unreadable file in the log only once.")
          .Param("path_timezone", &P::path_timezone, "The time zone of strftime parts in paths.")
          .Param("follow_inodes", &P::follow_inodes,
                 "Keep positions by inode and not by path: for patterns that also match rotated "
                 "files.")
          .Param("max_line_size", &P::max_line_size,
                 "Lines of more bytes, the line end counted, are passed over, counted and named in "
                 "the log.")
          .Section("group", &P::group, "Limits by what a file's path says.", {.many = false})
          .RawSection("parse", &P::parse, "How a line becomes an event.",
                      {.required = true, .many = false})
          .Check([](const P& p) { return CheckGlobs(p); })
          .Check([](const P& p) { return CheckReading(p); });
  return s;
}

}  // namespace tailrace::tail
