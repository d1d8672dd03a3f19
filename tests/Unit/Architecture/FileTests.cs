// The size of files.
namespace HotStandby.Tests.Unit.Architecture;

public sealed class FileTests
{
    private const int MostLinesOfAFile = 400;

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var files = Repository.Files("*.cs", "src", "tools").ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(
            File.ReadLines(file).Count() <= MostLinesOfAFile,
            $"{Path.GetRelativePath(Repository.Root, file)} has {File.ReadLines(file).Count()} lines"));
    }
}
