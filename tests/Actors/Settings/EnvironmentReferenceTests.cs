// ${NAME} and ${?NAME}: settings of the same text first, then the environment, as HOCON has it. And paths that begin with a tilde.
using System.Collections;
using HotStandby.Actors.Settings;
using static HotStandby.Tests.Doubles.TestConfiguration;

namespace HotStandby.Tests.Actors.Settings;

public sealed class EnvironmentReferenceTests : IDisposable
{
    private static readonly Hashtable Environment =
        new() { ["HOME"] = "/home/op", ["PORT"] = "50077", ["ODD"] = "a \"b\" \\c\n#d", ["EMPTY"] = "" };

    private readonly string _directory = Directory.CreateTempSubdirectory("hotstandby-references-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("hotstandby.data-dir = ${HOME}", "/home/op")]
    [InlineData("hotstandby.data-dir = ${HOME}/node1", "/home/op/node1")]
    [InlineData("hotstandby.data-dir = \"/srv\"${HOME}\"/node1\"", "/srv/home/op/node1")]
    [InlineData("hotstandby { data-dir = ${HOME} }", "/home/op")]
    [InlineData("hotstandby.data-dir = ${ HOME } // of the operator", "/home/op")]
    [InlineData("hotstandby.data-dir =\n  ${?HOME}", "/home/op")]
    [InlineData("hotstandby.data-dir = ${?NOWHERE}", "/some/where")]
    [InlineData("hotstandby.data-dir = ${?NOWHERE} # nothing", "/some/where")]
    [InlineData("hotstandby.data-dir = ${?NOWHERE} // nothing", "/some/where")]
    [InlineData("hotstandby.data-dir =\n  ${?NOWHERE}\n", "/some/where")]
    [InlineData("hotstandby { data-dir = ${?NOWHERE}, shards = 5 }", "/some/where")]
    [InlineData("hotstandby { shards = 5, data-dir = ${?NOWHERE} }", "/some/where")]
    [InlineData("hotstandby { shards : 5, data-dir : ${?NOWHERE} }", "/some/where")]
    [InlineData("hotstandby.data-dir = \"/a\"${?NOWHERE}\"/b\"", "/a/b")]
    [InlineData("hotstandby.data-dir = \"\"${HOME}${?NOWHERE}\"\"", "/home/op")]
    [InlineData("hotstandby.data-dir = \"/a\"${EMPTY}\"/b\"", "/a/b")]
    [InlineData("{ hotstandby.data-dir = ${HOME} }", "/home/op")]
    [InlineData("base = \"/srv\"\nhotstandby.data-dir = ${base}/node1", "/srv/node1")]
    [InlineData("base = \"/srv\"\nhotstandby.data-dir = ${?base}/node1", "/srv/node1")]
    [InlineData("HOME = \"/of/the/file\"\nhotstandby.data-dir = ${HOME}", "/of/the/file")]
    [InlineData("base = ${?NOWHERE}\nhotstandby.data-dir = ${?base}", "/some/where")]
    [InlineData("base { of { x = \"/deep\" } }\nother = ${base}\nhotstandby.data-dir = ${other.of.x}", "/deep")]
    [InlineData("# ${NOWHERE}\nnote = \"${NOWHERE}\"\nhotstandby.data-dir = \"/x\"", "/x")]
    public void A_reference_is_a_setting_of_the_file_or_else_an_environment_variable(string text, string directory) =>
        Assert.Equal(directory, Read(text).Settings.DataDirectory);

    [Fact]
    public void A_variable_may_be_a_number_an_element_of_a_list_and_hold_any_character()
    {
        Assert.Equal(50077, Read("hotstandby.client.port = ${PORT}").Settings.Client.Port);
        Assert.Equal("a \"b\" \\c\n#d", Read("note = ${ODD}").Full.GetString("note"));
        Assert.Equal(["x", "/home/op"], Read("list = [x, ${?NOWHERE}, ${HOME}, ${?NOWHERE}]").Full.GetStringList("list"));
        Assert.Equal("", Read("note = ${EMPTY}").Full.GetString("note"));
        Assert.False(Read("note = ${PORT}").Full.HasPath(HoconReferences.Block));
    }

    [Theory]
    [InlineData(
        "\n\nhotstandby.data-dir = ${NOWHERE}/x", "line 3: '${NOWHERE}' is neither a setting of this text nor an environment variable")]
    [InlineData("a = ${?NOWHERE}\n\nb = ${a}", "line 3: '${a}' is neither")]
    [InlineData("a = ${HOME\nb = 1", "line 1: '${' is never closed")]
    public void A_reference_to_nothing_is_refused_with_its_line(string text, string fault)
    {
        var error = Assert.Single(NodeConfiguration.Parse(text, "test.conf", environment: Environment).Errors);
        Assert.Equal("test.conf", error.Path);
        Assert.StartsWith(fault, error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void An_included_file_and_an_override_have_them_too()
    {
        File.WriteAllText(
            Path.Combine(_directory, "common.conf"), "port = ${?PORT}\nhotstandby { client.port = ${port}\n data-dir = ${HOME} }");
        var included = NodeConfiguration.Parse($"{Valid}\ninclude \"common.conf\"", "test.conf", _directory, environment: Environment);
        Assert.Equal((50077, "/home/op"), (Require(included).Settings.Client.Port, Require(included).Settings.DataDirectory));
        var seeds = NodeConfiguration.Parse(Valid, "test.conf", null,
            [new("akka.cluster.seed-nodes", "[\"akka.tcp://hotstandby@\"${HOST}\":5101\"]")], new Hashtable { ["HOST"] = "node1" });
        Assert.Equal(["akka.tcp://hotstandby@node1:5101"], Require(seeds).Full.GetStringList("akka.cluster.seed-nodes"));
    }

    [Theory]
    [InlineData("hotstandby.data-dir")]
    [InlineData("hotstandby.http.admin-token-file")]
    [InlineData("hotstandby.client.tls.certificate")]
    [InlineData("hotstandby.http.tls.key")]
    [InlineData("hotstandby.remoting.tls.ca")]
    public void A_path_that_begins_with_a_tilde_is_refused_with_what_to_write_instead(string path) =>
        Assert.All((string[])["~", "~/x", "~op/x"], value =>
            Assert.Contains(Parse(Valid, (path, value)).Errors, error =>
                error.Path == path && error.Rule.Contains("${HOME}/", StringComparison.Ordinal)));

    [Fact]
    public void A_file_of_that_name_is_reached_by_its_whole_path() =>
        Assert.EndsWith("/~", Require(Parse(Valid, ("hotstandby.data-dir", "./~"))).Settings.DataDirectory, StringComparison.Ordinal);

    private static NodeConfiguration Read(string text) => Require(NodeConfiguration.Parse(
        $"{Valid.Replace("some/where", "/some/where", StringComparison.Ordinal)}\n{text}\n", "test.conf", environment: Environment));
}
