// Two namespaces that refer to each other, one of them only inside a method: the test of namespaces must see that.
namespace HotStandby.Tests.Unit.Architecture.Sees
{
    internal static class OneInside
    {
        public static int Number => IsSeen.Other.Numbers<string>([]).Count;
    }
}

namespace HotStandby.Tests.Unit.Architecture.IsSeen
{
    internal static class Other
    {
        public static List<T> Numbers<T>(List<T> numbers) => Sees.OneInside.Number > numbers.Count ? numbers : [];
    }
}
