namespace HotStandby.Tests.Doubles;

/// <summary>
/// <see cref="Assert"/> for what a property compares millions of times: xUnit, which takes a microsecond and more to compare two
/// tuples or lists, is asked only about what is not plainly equal.
/// </summary>
internal static class Quick
{
    public static void Equal<T>(T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            Assert.Equal(expected, actual);
    }

    public static void EqualLists<T>(IEnumerable<T> expected, IEnumerable<T> actual)
    {
        var (left, right) = (expected.ToArray(), actual.ToArray());
        if (!Enumerable.SequenceEqual(left, right))
            Assert.Equal(left, right);
    }

    public static void Subset<T>(ISet<T> expectedSuperset, IEnumerable<T> actual)
    {
        foreach (var item in actual)
        {
            if (!expectedSuperset.Contains(item))
                Assert.Fail($"{item} is not in {string.Join(", ", expectedSuperset)}");
        }
    }
}
