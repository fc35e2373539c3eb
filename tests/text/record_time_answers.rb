# SPDX-License-Identifier: Apache-2.0
# Records Ruby's answers for the tests of times, in the zone America/New_York. Reads a file of answers
# and writes it anew:
#   ruby tests/text/record_time_answers.rb format < strftime_answers.tsv   FORMAT, SECONDS, ZONE, TEXT
#   ruby tests/text/record_time_answers.rb parse < time_answers.tsv        FORMAT, VALUE, SEC.NSEC or E
# An empty FORMAT is Time.parse. The clock stands at 2026-03-04 05:06:07.123456789 UTC. A newline in
# the output is written as ~.
ENV["TZ"] = "America/New_York"
require "time"
require "date"
NOW = Time.at(1772600767, 123456789, :nsec)

def formatted(format, seconds, zone)
  time = Time.at(seconds.to_i, 123456789, :nsec)
  time = zone == "utc" ? time.utc : zone == "local" ? time : time.localtime(zone)
  time.strftime(format).tr("\n", "~")
end

def parsed(format, value)
  time = format.empty? ? Time.parse(value, NOW) : Time.strptime(value, format, NOW)
  "#{time.to_i}.#{time.nsec}"
rescue ArgumentError, RangeError
  "E"
end

$stdin.set_encoding("UTF-8")
$stdin.each_line do |line|
  fields = line.chomp.split("\t", -1)
  if ARGV[0] == "format"
    puts [*fields[0, 3], formatted(*fields[0, 3])].join("\t")
  else
    puts [*fields[0, 2], parsed(*fields[0, 2])].join("\t")
  end
end
