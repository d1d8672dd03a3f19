// The size of files and the width of their lines, which the compiler does not check.
namespace HotStandby.Tests.Unit.Architecture;

public sealed class FileTests
{
    private const int MostLinesOfAFile = 400;
    private const int MostColumnsOfALine = 140; // as .editorconfig says

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var files = Repository.Files("*.cs", "src", "tools").ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(
            File.ReadLines(file).Count() <= MostLinesOfAFile,
            $"{Repository.NameOf(file)} has {File.ReadLines(file).Count()} lines"));
    }

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        var files = Repository.Files("*.cs", "src", "tools", "tests", "bench").ToList();
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(static file => File.ReadLines(file)
            .Select((line, index) => (Place: $"{Repository.NameOf(file)}:{index + 1}", line.Length))
            .Where(static line => line.Length > MostColumnsOfALine)));
    }
}
