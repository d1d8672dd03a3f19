// The names of functions and types on the wire, all computed at start-up, against a table of facts.
using HotStandby.Mooncake.Generations;
using HotStandby.Tests.Compatibility.Golden;

namespace HotStandby.Tests.Compatibility;

public sealed class FunctionTableTests
{
    public static TheoryData<string> Names() => [.. GoldenFile.Functions.Select(function => function.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Function_has_the_id_the_literals_and_the_hashes_of_the_newest_generation(string name)
    {
        var expected = GoldenFile.Functions.Single(function => function.Name == name);
        var actual = RpcTable.Newest[Enum.Parse<Rpc>(name)];
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.ArgumentsLiteral, actual.Arguments is null ? "-" : Convert.ToHexStringLower(actual.Arguments.Literal));
        Assert.Equal(expected.ArgumentsHash, actual.Arguments?.Hash);
        Assert.Equal(expected.ResultLiteral, Convert.ToHexStringLower(actual.Result.Literal));
        Assert.Equal(expected.ResultHash, actual.Result.Hash);
        Assert.True(RpcTable.Newest.TryFind(expected.Id, out var found));
        Assert.Same(actual, found);
    }

    [Fact]
    public void Table_has_all_64_functions_and_no_other()
    {
        Assert.Equal(64, GoldenFile.Functions.Count);
        Assert.Equal(GoldenFile.Functions.Select(function => function.Name).Order(), RpcTable.Newest.Functions.Select(f => f.Rpc.ToString()).Order());
        Assert.False(RpcTable.Newest.TryFind(0x5d4b225d ^ 1, out _));
    }
}
