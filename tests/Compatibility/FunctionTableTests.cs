// The names of functions and types on the wire, all computed at start-up, against tables of facts.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility;

public sealed class FunctionTableTests
{
    public static TheoryData<string> Newest() => [.. GoldenFile.Functions.Select(function => function.Name)];

    public static TheoryData<string> Previous() => [.. GoldenFile.PreviousFunctions.Select(function => function.Name)];

    [Theory]
    [MemberData(nameof(Newest))]
    public void Function_has_the_id_the_literals_and_the_hashes_of_the_newest_generation(string name) =>
        AssertEqual(GoldenFile.Functions, RpcTable.Newest, Generation.Newest, name);

    [Theory]
    [MemberData(nameof(Previous))]
    public void Function_has_the_id_the_literals_and_the_hashes_of_the_previous_generation(string name) =>
        AssertEqual(GoldenFile.PreviousFunctions, RpcTable.Previous, Generation.Previous, name);

    [Fact]
    public void Newest_table_has_all_64_functions_and_no_other() => AssertComplete(64, GoldenFile.Functions, RpcTable.Newest);

    [Fact]
    public void Previous_table_has_all_60_functions_and_no_other() => AssertComplete(60, GoldenFile.PreviousFunctions, RpcTable.Previous);

    [Fact]
    public void Fourteen_functions_changed_and_four_came()
    {
        var changed = RpcTable.Previous.Functions.Count(
            function => (function.Arguments?.Hash, function.Result.Hash)
                != (RpcTable.Newest[function.Rpc].Arguments?.Hash, RpcTable.Newest[function.Rpc].Result.Hash));
        Assert.Equal((14, 4), (changed, RpcTable.Newest.Functions.Count - RpcTable.Previous.Functions.Count));
        Assert.Throws<KeyNotFoundException>(() => RpcTable.Previous[Rpc.DynamicReplicaCopyStart]);
    }

    private static void AssertEqual(IReadOnlyList<GoldenFunction> facts, RpcTable table, Generation generation, string name)
    {
        var expected = facts.Single(function => function.Name == name);
        var actual = table[Enum.Parse<Rpc>(name)];
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.ArgumentsLiteral, actual.Arguments is null ? "-" : Convert.ToHexStringLower(actual.Arguments.Literal));
        Assert.Equal(expected.ArgumentsHash, actual.Arguments?.Hash);
        Assert.Equal(expected.ResultLiteral, Convert.ToHexStringLower(actual.Result.Literal));
        Assert.Equal(expected.ResultHash, actual.Result.Hash);
        Assert.Equal((generation, generation), (actual.Arguments?.Generation ?? generation, actual.Result.Generation));
        Assert.True(table.TryFind(expected.Id, out var found));
        Assert.Same(actual, found);
    }

    private static void AssertComplete(int count, IReadOnlyList<GoldenFunction> facts, RpcTable table)
    {
        Assert.Equal(count, facts.Count);
        Assert.Equal(facts.Select(function => function.Name).Order(), table.Functions.Select(function => function.Rpc.ToString()).Order());
        Assert.False(table.TryFind(0x5d4b225d ^ 1, out _));
    }
}
