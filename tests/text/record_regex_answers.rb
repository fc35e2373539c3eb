# SPDX-License-Identifier: Apache-2.0
# Records what Ruby answers for the patterns of regex_probes.tsv, into regex_answers.tsv:
#   ruby tests/text/record_regex_answers.rb < tests/text/regex_probes.tsv > tests/text/regex_answers.tsv
# A line is PATTERN, TAB, options (i m x), TAB, SUBJECT; \x01 stands for a newline, \x02 for a tab. The
# answer is E (no pattern), N (no match) or the byte ranges of the groups.
$VERBOSE = nil
$stdin.set_encoding("UTF-8")
$stdin.each_line do |line|
  pattern, options, subject = line.chomp.split("\t", -1).map { |part| part.tr("\x01\x02", "\n\t") }
  flags = 0
  flags |= Regexp::IGNORECASE if options.include?("i")
  flags |= Regexp::MULTILINE if options.include?("m")
  flags |= Regexp::EXTENDED if options.include?("x")
  begin
    match = Regexp.new(pattern, flags).match(subject)
  rescue RegexpError
    puts "E"
    next
  end
  next puts("N") unless match
  puts((0...match.size).map { |i|
    match.begin(i) ? "#{subject[0, match.begin(i)].bytesize}-#{subject[0, match.end(i)].bytesize}" : "-"
  }.join(" "))
end
