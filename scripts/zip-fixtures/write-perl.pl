# Writes every path read from standard input into the zip archive named by the first argument, with Archive::Zip.
use strict;
use warnings;
use Archive::Zip qw(:ERROR_CODES);

my $archive = Archive::Zip->new();
while (my $path = <STDIN>) {
    chomp $path;
    -d $path ? $archive->addDirectory("$path/") : $archive->addFile($path);
}
$archive->writeToFileNamed($ARGV[0]) == AZ_OK or die "cannot write $ARGV[0]";
