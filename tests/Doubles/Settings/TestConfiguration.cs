// A complete, valid node file to vary, and the way to the repository's own files.
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.Doubles;

internal static class TestConfiguration
{
    public const string Valid = """
        hotstandby {
          node-id = n1
          voters = [n1, n2, n3]
          data-dir = "some/where"
        }
        akka.cluster.seed-nodes = ["akka.tcp://hotstandby@127.0.0.1:5101", "akka.tcp://hotstandby@127.0.0.1:5102"]
        """;

    public static string RepositoryRoot { get; } = FindRoot();

    public static ConfigurationResult Parse(string text, params (string Path, string Value)[] overrides) =>
        NodeConfiguration.Parse(text, "test.conf", null, overrides.Select(pair => new KeyValuePair<string, string>(pair.Path, pair.Value)));

    /// <summary>The configuration, which must be without errors.</summary>
    public static NodeConfiguration Require(ConfigurationResult result)
    {
        Assert.Empty(result.Errors);
        return Assert.IsType<NodeConfiguration>(result.Configuration);
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "HotStandby.Actors.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
